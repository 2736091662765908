using FaaS.Application.Db;
using FaaS.Domain;
using FaaS.Domain.Jobs;
using MediatR;

namespace FaaS.Application.Worker;

/// <summary>Runs one leased job: source and arguments in, a report out.</summary>
internal sealed class JobRunner(
    IMediator mediator, ISandbox sandbox, SourceCache sources, EnvironmentCache environments, Prefetch prefetch, LiveLines live)
{
    /// <summary>
    /// Runs the job. An error means that it has no end, by no fault of its own: after an outage the lease is to go back.
    /// </summary>
    public async Task<Result<AttemptEnd>> RunAsync(LeaseInHand lease, CancellationToken leaving)
    {
        var job = lease.Job;
        var source = await sources.ReadAsync(job.Binding.Hash, leaving).ConfigureAwait(false);
        if (!source.IsOk) return source.Error;
        var arguments = job.Arguments is null
            ? await ReadArgumentsAsync(job, leaving).ConfigureAwait(false)
            : job.Arguments;
        if (!arguments.IsOk) return arguments.Error;
        var environment = await environments.ReadAsync(job, leaving).ConfigureAwait(false);
        if (!environment.IsOk) return environment.Error;

        var invocation = new Invocation(
            job.Binding.User, job.Binding.Generation, job.Binding.Hash, source.Value, arguments.Value,
            job.Binding.Limits, environment.Value.Json,
            // A secret may be written in pieces, and what is sent cannot be called back: only the whole log can be cleaned of it.
            environment.Value.Redactor.HasSecrets ? null : live.Open(job));
        AttemptResult result;
        try
        {
            result = await sandbox.RunAsync(invocation, lease.Stop).ConfigureAwait(false);
        }
        finally
        {
            live.Close(job);
        }
        prefetch.Measure(result.Usage.Wall);
        return await PackAsync(environment.Value.Redactor.Redact(result), leaving).ConfigureAwait(false);
    }

    /// <summary>Whether the error will pass.</summary>
    public static bool IsOutage(Error error) =>
        error.Code is ErrorCode.NotDurable or ErrorCode.OutcomeUnknown or ErrorCode.Unavailable;

    private async Task<Result<byte[]>> ReadArgumentsAsync(LeasedJob job, CancellationToken cancellation)
    {
        var body = await mediator.Send(new ReadArguments(job.Job, job.Token), cancellation).ConfigureAwait(false);
        if (!body.IsOk) return body.Error;
        return body.Value.Bytes is { } arguments
            ? arguments
            : new Error(ErrorCode.JobNotFound, "The job's arguments are gone.");
    }

    private async Task<Result<AttemptEnd>> PackAsync(AttemptResult result, CancellationToken leaving)
    {
        var value = await PackAsync(result.Value, leaving).ConfigureAwait(false);
        if (!value.IsOk) return value.Error;
        var logs = await PackAsync(result.Logs, leaving).ConfigureAwait(false);
        if (!logs.IsOk) return logs.Error;
        return new AttemptEnd(result.Outcome, result.Kind, value.Value, result.Error, logs.Value, result.Usage);
    }

    /// <summary>A large body is stored before the report that refers to it, however long the store takes.</summary>
    private async ValueTask<Result<Body>> PackAsync(byte[] bytes, CancellationToken leaving)
    {
        if (bytes.Length <= Body.InlineLimit) return Body.Of(bytes);
        var id = Guid.CreateVersion7();
        for (var pauseMs = 25; ; pauseMs = Math.Min(pauseMs * 2, 1_000))
        {
            var stored = await mediator.Send(new StorePayload(id, bytes), leaving).ConfigureAwait(false);
            if (stored.IsOk) return new Body(null, id, bytes.Length);
            if (!IsOutage(stored.Error)) return stored.Error;
            await Task.Delay(pauseMs, leaving).ConfigureAwait(false);
        }
    }
}
