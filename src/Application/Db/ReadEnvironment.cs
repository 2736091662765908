using FaaS.Domain;
using FaaS.Domain.Functions;
using FaaS.Domain.Jobs;
using FaaS.Domain.Secrets;
using MediatR;

namespace FaaS.Application.Db;

/// <summary>What a function finds in <c>env</c>, for a worker that holds a job of it.</summary>
/// <param name="Job">The job.</param>
/// <param name="Token">The lease under which it is to run; one that was not granted for this job is refused.</param>
public sealed record ReadEnvironment(JobId Job, LeaseToken Token) : IRequest<Result<FunctionEnvironment>>;

/// <summary>What a function finds in <c>env</c>.</summary>
/// <param name="Revision">The revision of the configuration it is of, perhaps a newer one than the lease knew.</param>
/// <param name="Values">Values that are no secrets.</param>
/// <param name="Secrets">Secrets, in the clear: to be kept out of logs and errors.</param>
public sealed record FunctionEnvironment(
    long Revision, IReadOnlyList<EnvironmentValue> Values, IReadOnlyList<EnvironmentValue> Secrets)
{
    /// <summary>Without the values, which are nobody's to read in a log.</summary>
    public override string ToString() => $"FunctionEnvironment {Revision}: {Values.Count} values, {Secrets.Count} secrets";
}

internal sealed class ReadEnvironmentHandler(IConfigStore configs, LeaseSeals seals, SecretKeys keys)
    : IRequestHandler<ReadEnvironment, Result<FunctionEnvironment>>
{
    public async Task<Result<FunctionEnvironment>> Handle(ReadEnvironment request, CancellationToken cancellationToken)
    {
        if (await seals.CheckAsync(request.Job, request.Token, cancellationToken).ConfigureAwait(false) is { } refusal)
            return refusal;
        var config = await configs.FindOfJobAsync(request.Job, cancellationToken).ConfigureAwait(false);
        if (!config.IsOk) return config.Error;
        var secrets = SecretErrors.OpenAll(keys, config.Value);
        return secrets.IsOk
            ? new FunctionEnvironment(config.Value.Revision, config.Value.Settings.Env ?? [], secrets.Value)
            : secrets.Error;
    }
}
