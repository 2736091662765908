using FaaS.Application.Scaler;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace FaaS.Infrastructure.Fleet.Kumori;

/// <summary>
/// The workers are instances of a role on Kumori. Their number is a variable of the CUE module, which is written before
/// the deployment is updated from it. A crash between the two leaves a number that nobody has asked the platform for;
/// the next call writes its own. The platform chooses who leaves: each worker drains when it is told to end.
/// </summary>
internal sealed class KumoriFleet(IOptions<KumoriFleetOptions> options, TimeProvider time, ILogger<KumoriFleet> logger)
    : IWorkerFleet
{
    private const string Word = "kumori";

    private readonly KumoriFleetOptions _options = options.Value;
    private readonly KumoriTool _tool = new(options.Value);
    private readonly DescribedWorkers _described = new(options.Value.Role, options.Value.Instance);
    private readonly FleetJournal _journal = new(logger, Word);

    /// <summary>Who is logged in, as far as we know.</summary>
    private KumoriCredentials? _session;

    /// <summary>What was asked for and has not been seen yet.</summary>
    private (int Workers, long Since)? _asked;

    private FleetWorkers? _last;

    /// <inheritdoc/>
    public string Name => Word;

    /// <inheritdoc/>
    public async Task<FleetAnswer> CurrentAsync(CancellationToken cancellationToken)
    {
        var (credentials, missing) = await CredentialsAsync(cancellationToken).ConfigureAwait(false);
        return _journal.Write(
            "say what there is", missing ?? await CountAsync(credentials!, cancellationToken).ConfigureAwait(false));
    }

    /// <inheritdoc/>
    public async Task<FleetAnswer> ScaleToAsync(int workers, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(workers);
        var call = $"have {workers} workers";
        var (credentials, missing) = await CredentialsAsync(cancellationToken).ConfigureAwait(false);
        if (missing is not null) return _journal.Write(call, missing);
        var updated = await InSessionAsync(
            credentials!, () => UpdateAsync(workers, credentials!, cancellationToken), cancellationToken).ConfigureAwait(false);
        if (updated.Outcome != FleetOutcome.Done)
            return _journal.Write(call, FleetAnswer.Fail(updated.Outcome, updated.Text));
        KumoriLog.Updated(logger, workers);
        return _journal.Write(call, await CountAsync(credentials!, cancellationToken).ConfigureAwait(false));
    }

    /// <inheritdoc/>
    public Task<FleetAnswer> DrainAsync(IReadOnlyList<string> names, CancellationToken cancellationToken) =>
        _last is { } last ? Task.FromResult(FleetAnswer.Done(last)) : CurrentAsync(cancellationToken);

    private Task<(KumoriCredentials? Credentials, FleetAnswer? Missing)> CredentialsAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return KumoriCredentials.ReadAsync(_options.Credentials, cancellationToken);
    }

    private async Task<FleetAnswer> CountAsync(KumoriCredentials credentials, CancellationToken cancellationToken)
    {
        var listed = 0;
        var answer = await InSessionAsync(credentials, async () =>
        {
            var described = await _tool.DescribeAsync(credentials, cancellationToken).ConfigureAwait(false);
            if (described.Outcome != FleetOutcome.Done) return described;
            if (_described.Count(described.Text) is not { } count)
                return new ToolAnswer(
                    FleetOutcome.Unreadable, $"What 'describe' of Kumori's tool wrote does not mention the role '{_options.Role}'.");
            listed = count;
            return described;
        }, cancellationToken).ConfigureAwait(false);
        if (answer.Outcome != FleetOutcome.Done) return FleetAnswer.Fail(answer.Outcome, answer.Text);
        _last = Compare(listed);
        return FleetAnswer.Done(_last);
    }

    /// <summary>
    /// Runs a command in the session that there is, or in a new one. The tool has no code for a session that has
    /// expired, so a command that fails in an old one is run again in a new one, once: none of them minds.
    /// </summary>
    private async Task<ToolAnswer> InSessionAsync(
        KumoriCredentials credentials, Func<Task<ToolAnswer>> command, CancellationToken cancellationToken)
    {
        var answer = new ToolAnswer(FleetOutcome.Refused, "");
        if (_session == credentials) answer = await command().ConfigureAwait(false);
        if (_session != credentials || answer.Outcome is FleetOutcome.Refused or FleetOutcome.Unreadable)
        {
            _session = null;
            answer = await _tool.LoginAsync(credentials, cancellationToken).ConfigureAwait(false);
            if (answer.Outcome == FleetOutcome.Done)
            {
                KumoriLog.LoggedIn(logger);
                _session = credentials;
                answer = await command().ConfigureAwait(false);
            }
        }
        // Whatever was wrong, the next call begins with a login.
        if (answer.Outcome != FleetOutcome.Done) _session = null;
        return answer;
    }

    private async Task<ToolAnswer> UpdateAsync(int workers, KumoriCredentials credentials, CancellationToken cancellationToken)
    {
        var file = Path.Combine(_options.Directory, _options.Variable);
        try
        {
            WorkersVariable.Write(file, workers);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return new ToolAnswer(FleetOutcome.Unreachable, PlainText.Of($"The variable cannot be written: {error.Message}"));
        }
        var answer = await _tool.UpdateAsync(credentials, cancellationToken).ConfigureAwait(false);
        // Where the tool was killed the platform may be at it all the same.
        if (answer.Outcome is FleetOutcome.Done or FleetOutcome.TimedOut) _asked = (workers, time.GetTimestamp());
        return answer;
    }

    /// <summary>
    /// What was asked for counts until it is seen, or for as long as it may take: after that, what is listed is right,
    /// for somebody else may have updated the deployment.
    /// </summary>
    private FleetWorkers Compare(int listed)
    {
        if (_asked is { } asked
            && (asked.Workers == listed || time.GetElapsedTime(asked.Since) > _options.Wait + _options.Timeout)) _asked = null;
        var wanted = _asked?.Workers ?? listed;
        return new FleetWorkers(Math.Min(listed, wanted), Math.Max(0, wanted - listed), Math.Max(0, listed - wanted), []);
    }
}

internal static partial class KumoriLog
{
    [LoggerMessage(4410, LogLevel.Information, "Kumori was asked for {Workers} workers.")]
    public static partial void Updated(ILogger logger, int workers);

    [LoggerMessage(4411, LogLevel.Debug, "Kumori opened a session.")]
    public static partial void LoggedIn(ILogger logger);
}
