using System.Text;
using FaaS.Application.Db;
using FaaS.Application.Queue;
using FaaS.Domain;
using FaaS.Domain.Jobs;
using MediatR;

namespace FaaS.Infrastructure.Http;

/// <summary>A job that has ended, as <c>/res</c> tells it.</summary>
/// <param name="Outcome">How it ended.</param>
/// <param name="Text">The result's or the error's text, in UTF-8.</param>
internal sealed record EndedJob(Outcome Outcome, byte[] Text);

/// <summary>Asks for a job's end: of the queue while the job is its own, of Db afterwards.</summary>
internal sealed class JobEnds(IMediator mediator)
{
    /// <summary>
    /// The end, at once or within the wait; null while it has not ended; <see cref="ErrorCode.JobNotFound"/>.
    /// </summary>
    public async ValueTask<Result<EndedJob?>> WaitAsync(JobId id, int waitMs, CancellationToken cancellation)
    {
        if (waitMs > 0)
        {
            var progress = await mediator.Send(new WaitJob(id, waitMs), cancellation).ConfigureAwait(false);
            // A queue that cannot be asked is no reason to keep what Db knows from the client.
            if (progress.IsOk && progress.Value.Known)
            {
                var end = progress.Value.End;
                if (end is null) return (EndedJob?)null!;
                if (end.End.Value.Stored is null) return new EndedJob(end.End.Outcome, TextOf(end));
            }
        }
        var record = await mediator.Send(new FindJob(id, JobParts.Result), cancellation).ConfigureAwait(false);
        if (!record.IsOk) return record.Error;
        return record.Value.Outcome is { } outcome
            ? new EndedJob(outcome, TextOf(outcome, record.Value.Value, record.Value.Error))
            : (EndedJob?)null!;
    }

    private static byte[] TextOf(JobEnd end) => TextOf(end.End.Outcome, end.End.Value.Inline, end.End.Error);

    private static byte[] TextOf(Outcome outcome, byte[]? value, FunctionError? error) =>
        outcome == Outcome.Success ? value ?? [] : Encoding.UTF8.GetBytes(error?.Text ?? NameOf(outcome));

    /// <summary>What an end without an error of its own is called.</summary>
    private static string NameOf(Outcome outcome) => outcome switch
    {
        Outcome.UserError => "Error",
        Outcome.MemoryExceeded => "MemoryError",
        Outcome.PlatformError => "PlatformError",
        _ => $"{outcome}Error",
    };
}
