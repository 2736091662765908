using FaaS.Domain;
using FaaS.Domain.Jobs;
using FluentValidation;
using MediatR;

namespace FaaS.Application.Queue;

/// <summary>
/// What runs under way have written since a worker last said so, for those who follow them. A courtesy: the lines come again, all
/// of them, with the run's end, so a request that fails is not sent again.
/// </summary>
/// <param name="Worker">The worker.</param>
/// <param name="Chunks">1 to 256 runs' lines, 256 KiB together.</param>
public sealed record AppendLogs(Guid Worker, IReadOnlyList<LogChunk> Chunks) : IRequest<Result<AppendedLogs>>;

/// <summary>Lines of one run.</summary>
/// <param name="Job">The job.</param>
/// <param name="Token">The lease it runs under.</param>
/// <param name="From">How many bytes the run had written before; 0 begins anew.</param>
/// <param name="Bytes">Whole lines as the run's end will have them, without the brackets around all: JSON objects and commas.</param>
public sealed record LogChunk(JobId Job, LeaseToken Token, int From, byte[] Bytes);

/// <summary>What became of them.</summary>
/// <param name="Count">Chunks that were taken: of leases that are current, and as long as there is room.</param>
public sealed record AppendedLogs(int Count);

internal sealed class AppendLogsValidator : AbstractValidator<AppendLogs>
{
    /// <summary>What one request may carry.</summary>
    internal const int BytesMax = 256 << 10, ChunksMax = 256;

    public AppendLogsValidator()
    {
        RuleFor(request => request.Worker).NotEmpty().WithMessage("Name the worker.");
        RuleFor(request => request.Chunks.Count).InclusiveBetween(1, ChunksMax)
            .WithMessage($"Append to 1 to {ChunksMax} logs at a time.");
        RuleForEach(request => request.Chunks).Must(chunk => chunk is { From: >= 0, Bytes.Length: > 0 })
            .WithMessage("A chunk is missing, empty, or begins before the beginning.");
        RuleFor(request => request.Chunks.Sum(chunk => chunk == null ? 0 : chunk.Bytes.Length)).LessThanOrEqualTo(BytesMax)
            .WithErrorCode(nameof(ErrorCode.TooLarge)).WithMessage($"Append at most {BytesMax} bytes at a time.");
    }
}

internal sealed class AppendLogsHandler(QueueLoop loop) : IRequestHandler<AppendLogs, Result<AppendedLogs>>
{
    public Task<Result<AppendedLogs>> Handle(AppendLogs request, CancellationToken cancellationToken) =>
        loop.AskAsync<AppendedLogs>(
            (queue, reply, now) => reply.Reply(new AppendedLogs(loop.Logs.Append(request.Worker, request.Chunks, queue, now))),
            cancellationToken);
}
