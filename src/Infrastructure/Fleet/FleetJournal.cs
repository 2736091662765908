using FaaS.Application.Scaler;
using Microsoft.Extensions.Logging;

namespace FaaS.Infrastructure.Fleet;

/// <summary>
/// Logs how calls of a fleet end: the first of a row of equal failures as a warning, the rest for those who debug, and
/// the end of the row. The scaler calls every few seconds, and a platform may be gone for hours. Each verb has a row of
/// its own: that one may look does not mean that one may change.
/// </summary>
internal sealed class FleetJournal(ILogger logger, string fleet)
{
    private readonly Dictionary<string, FleetAnswer> _failed = [];

    /// <summary>Logs the answer and passes it on.</summary>
    /// <param name="call">What was asked for; its first word is the verb.</param>
    /// <param name="answer">The answer.</param>
    public FleetAnswer Write(string call, FleetAnswer answer)
    {
        var verb = call.Split(' ')[0];
        if (answer.Outcome == FleetOutcome.Done)
        {
            if (_failed.Remove(verb)) FleetLog.Recovered(logger, fleet, call);
            return answer;
        }
        if (answer == _failed.GetValueOrDefault(verb)) FleetLog.FailedAgain(logger, fleet, call, answer.Outcome, answer.Detail);
        else FleetLog.Failed(logger, fleet, call, answer.Outcome, answer.Detail);
        _failed[verb] = answer;
        return answer;
    }
}

internal static partial class FleetLog
{
    [LoggerMessage(4400, LogLevel.Warning, "The fleet '{Fleet}' was asked to {Call}: {Outcome}. {Detail}")]
    public static partial void Failed(ILogger logger, string fleet, string call, FleetOutcome outcome, string? detail);

    [LoggerMessage(4401, LogLevel.Debug, "The fleet '{Fleet}' was asked to {Call}, again: {Outcome}. {Detail}")]
    public static partial void FailedAgain(ILogger logger, string fleet, string call, FleetOutcome outcome, string? detail);

    [LoggerMessage(4402, LogLevel.Information, "The fleet '{Fleet}' was asked to {Call}, and answers again.")]
    public static partial void Recovered(ILogger logger, string fleet, string call);
}
