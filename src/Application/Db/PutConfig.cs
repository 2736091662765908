using FaaS.Application.Messaging;
using FaaS.Domain;
using FaaS.Domain.Functions;
using FaaS.Domain.Secrets;
using FluentValidation;
using MediatR;
using Microsoft.Extensions.Options;

namespace FaaS.Application.Db;

/// <summary>
/// Configures a function: everything is replaced but secrets that are not named. Repeating it is safe. It holds for
/// attempts that start, or end, after it.
/// </summary>
/// <param name="User">The owner's name.</param>
/// <param name="Function">The function's name.</param>
/// <param name="Settings">All but the secrets; what is not there is the platform's to choose.</param>
/// <param name="Secrets">Secrets that are to be set, or removed.</param>
/// <param name="By">Who asks for it, for the audit log.</param>
public sealed record PutConfig(
    string User, string Function, FunctionSettings Settings, IReadOnlyList<SecretChange> Secrets, Origin? By = null)
    : IRequest<Result<ConfigState>>
{
    /// <summary>Without what is configured, which is nobody's to read in a log.</summary>
    public override string ToString() => $"PutConfig {User}/{Function}";
}

/// <summary>What is configured for a function.</summary>
/// <param name="Generation">The owner's generation.</param>
/// <param name="FunctionId">The function's identity.</param>
/// <param name="Revision">Grows with each change; 0 while nothing was configured.</param>
/// <param name="Settings">All but the secrets, as they were set.</param>
/// <param name="Secrets">The names of the secrets.</param>
/// <param name="Limits">The bounds in force.</param>
/// <param name="Policy">For the queue; null while nothing was configured.</param>
public sealed record ConfigState(
    long Generation, long FunctionId, long Revision, FunctionSettings Settings, IReadOnlyList<string> Secrets,
    FunctionLimits Limits, FunctionPolicy? Policy)
{
    internal static ConfigState Of(FunctionConfig config, FunctionLimits defaults) => new(
        config.Of.Generation, config.Of.FunctionId, config.Revision, config.Settings,
        [.. config.Secrets.Select(secret => secret.Name)], config.Settings.LimitsOver(defaults), config.ToPolicy(defaults));
}

internal sealed class PutConfigValidator : AbstractValidator<PutConfig>
{
    public PutConfigValidator()
    {
        RuleFor(request => request.User).UserName();
        RuleFor(request => request.Function).FunctionName();
        RuleFor(request => request.By).Origin();
        // Settings are checked by the handler, which knows what this platform allows.
        RuleFor(request => request.Secrets).Custom((secrets, check) =>
        {
            if (SettingsRules.Check(secrets) is { } wrong) check.AddFailure(wrong);
        });
    }
}

internal sealed class PutConfigHandler(
    IConfigStore configs, SecretKeys keys, ActionRates rates, IOptions<FunctionOptions> options, TimeProvider time)
    : IRequestHandler<PutConfig, Result<ConfigState>>
{
    public async Task<Result<ConfigState>> Handle(PutConfig request, CancellationToken cancellationToken)
    {
        if (rates.Take(request.By) is { } refusal) return refusal;
        if (SettingsRules.Check(request.Settings, options.Value.ToBounds()) is { } wrong)
            return new Error(ErrorCode.BadRequest, wrong);
        var note = AuditNote.Of(
            request.By, time, AuditActions.SetConfig, request.User, request.Function,
            AuditTexts.Config(request.Settings, request.Secrets));
        var stored = await configs
            .ChangeAsync(request.User, request.Function, config => Change(config, request), note, cancellationToken)
            .ConfigureAwait(false);
        return stored.IsOk ? ConfigState.Of(stored.Value, options.Value.ToLimits()) : stored.Error;
    }

    private Audited<FunctionConfig> Change(FunctionConfig config, PutConfig request)
    {
        var secrets = Seal(config, request.Secrets);
        if (!secrets.IsOk) return secrets.Error;
        var named = secrets.Value.Select(secret => (secret.Name, secret.ValueBytes));
        if (SettingsRules.Check(request.Settings.Env ?? [], named) is { } wrong) return new Error(ErrorCode.BadRequest, wrong);
        if (config.Settings.IsLike(request.Settings) && config.Secrets.SequenceEqual(secrets.Value))
            return new Audited<FunctionConfig>(config, false);
        var next = config with { Revision = config.Revision + 1, Settings = request.Settings, Secrets = secrets.Value };
        return new Audited<FunctionConfig>(next, true, config.Revision == 0 ? null : AuditTexts.Config(config));
    }

    /// <summary>
    /// The secrets there are then. One that stays must be readable: it is said now, not by the next job, that it is not.
    /// One that is set to what it is stays the very same.
    /// </summary>
    private Result<IReadOnlyList<SealedSecret>> Seal(FunctionConfig config, IReadOnlyList<SecretChange> changes)
    {
        var next = new SortedDictionary<string, SealedSecret>(StringComparer.Ordinal);
        foreach (var secret in config.Secrets.Where(secret => changes.All(change => change.Name != secret.Name)))
        {
            var value = SecretErrors.Open(keys, config, secret);
            if (!value.IsOk) return value.Error;
            next.Add(secret.Name, secret);
        }
        foreach (var (name, value) in changes)
        {
            if (value is null) continue;
            if (keys.Current is not { } cipher) return SecretErrors.NoKeys();
            var known = config.Secrets.FirstOrDefault(secret => secret.Name == name);
            var isSame = known is not null && SecretErrors.Open(keys, config, known) is { IsOk: true } old && old.Value == value;
            next.Add(name, isSame ? known! : cipher.Seal(config.PlaceOf(name), value));
        }
        return Result<IReadOnlyList<SealedSecret>>.Ok([.. next.Values]);
    }
}
