using FaaS.Domain;
using FaaS.Domain.Secrets;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace FaaS.Application.Db;

/// <summary>
/// Encrypts with the current key what another one encrypted, at the start and from time to time: once it has said that
/// nothing is left, an old key can go. What cannot be read now is left as it is, and said.
/// </summary>
internal sealed class SecretSweep(
    IConfigStore configs, SecretKeys keys, IOptions<SecretOptions> options, TimeProvider time, ILogger<SecretSweep> logger)
    : BackgroundService
{
    /// <summary>Configurations read at a time, each 90 KiB at most.</summary>
    public const int PageSize = 50;

    private static readonly TimeSpan Breath = TimeSpan.FromMilliseconds(50);

    /// <summary>A store that is not there yet comes within moments, or somebody is told anyway.</summary>
    private static readonly TimeSpan RetryPause = TimeSpan.FromSeconds(5);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (keys.Current is null) return;
        try
        {
            while (true)
            {
                var isDone = await SweepAsync(keys.Current, stoppingToken).ConfigureAwait(false);
                await Task.Delay(isDone ? options.Value.SweepInterval : RetryPause, time, stoppingToken).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The host stops.
        }
    }

    /// <summary>Whether all configurations were looked at.</summary>
    private async Task<bool> SweepAsync(SecretCipher cipher, CancellationToken stopping)
    {
        var (resealed, unreadable) = (0, new SortedSet<string>(StringComparer.Ordinal));
        for (var after = 0L; ;)
        {
            var page = await configs.ListAsync(after, PageSize, stopping).ConfigureAwait(false);
            if (!page.IsOk)
            {
                DbLog.SecretSweepFailed(logger, page.Error.Message);
                return false;
            }
            foreach (var config in page.Value.Where(config => config.Secrets.Any(secret => secret.Key != cipher.Id)))
            {
                var next = Reseal(config, cipher, unreadable);
                if (next is null) continue;
                var done = await configs.ResealAsync(next, stopping).ConfigureAwait(false);
                if (!done.IsOk)
                {
                    DbLog.SecretSweepFailed(logger, done.Error.Message);
                    return false;
                }
                // Else it was configured anew meanwhile; the next sweep looks again.
                if (done.Value) resealed++;
            }
            if (page.Value.Count < PageSize) break;
            after = page.Value[^1].Of.FunctionId;
            await Task.Delay(Breath, time, stopping).ConfigureAwait(false);
        }
        if (resealed > 0) DbLog.SecretsResealed(logger, resealed, cipher.Id);
        foreach (var key in unreadable) DbLog.SecretsUnreadable(logger, key);
        return true;
    }

    /// <summary>The same secrets under the current key, as far as they can be read; null where none of them changes.</summary>
    private FunctionConfig? Reseal(FunctionConfig config, SecretCipher cipher, SortedSet<string> unreadable)
    {
        var changed = false;
        var secrets = new SealedSecret[config.Secrets.Count];
        for (var at = 0; at < secrets.Length; at++)
        {
            secrets[at] = config.Secrets[at];
            if (secrets[at].Key == cipher.Id) continue;
            var value = SecretErrors.Open(keys, config, secrets[at]);
            if (!value.IsOk)
            {
                unreadable.Add(secrets[at].Key);
                continue;
            }
            secrets[at] = cipher.Seal(config.PlaceOf(secrets[at].Name), value.Value);
            changed = true;
        }
        return changed ? config with { Secrets = secrets } : null;
    }
}
