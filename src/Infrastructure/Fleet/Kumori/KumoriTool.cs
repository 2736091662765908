using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using FaaS.Application.Scaler;

namespace FaaS.Infrastructure.Fleet.Kumori;

/// <summary>What the tool answered: an outcome of the fleet, and what it wrote or a sentence about what went wrong.</summary>
internal sealed record ToolAnswer(FleetOutcome Outcome, string Text);

/// <summary>The commands of the platform's tool. No password is ever an argument, nor in an answer.</summary>
internal sealed partial class KumoriTool(KumoriFleetOptions options)
{
    private const string Prompt = "password";

    /// <summary>How many lines are looked at for one to repeat.</summary>
    private const int LinesMax = 20;

    private const int FragmentLength = 4;

    private readonly string[] _command = Command(options.Tool);
    private bool _throughTerminal = options.Prompt == KumoriPrompt.Terminal;

    /// <summary>Opens a session, which the tool keeps.</summary>
    public async Task<ToolAnswer> LoginAsync(KumoriCredentials credentials, CancellationToken cancellationToken)
    {
        var throughTerminal = _throughTerminal;
        var result = await LoginAsync(credentials, throughTerminal, cancellationToken).ConfigureAwait(false);
        if (options.Prompt == KumoriPrompt.Auto && !throughTerminal && WantsTerminal(result))
        {
            throughTerminal = true;
            result = await LoginAsync(credentials, throughTerminal, cancellationToken).ConfigureAwait(false);
        }
        if (result is { End: ToolEnd.Exited, Code: 0 } && LoggedIn().IsMatch(result.All))
        {
            _throughTerminal = throughTerminal;
            return new ToolAnswer(FleetOutcome.Done, "");
        }
        // One that hangs on a pipe may ask at a terminal; where a terminal does not help either, the pipe is next again.
        if (options.Prompt == KumoriPrompt.Auto) _throughTerminal = !throughTerminal && result.End == ToolEnd.TimedOut;
        return result is { End: ToolEnd.Exited, Code: 0 }
            ? new ToolAnswer(FleetOutcome.Unreadable, Said("login", "does not say that it worked", result.All, credentials))
            : Answer("login", result, options.Timeout, credentials);
    }

    /// <summary>Says what is deployed, in words for people.</summary>
    public Task<ToolAnswer> DescribeAsync(KumoriCredentials credentials, CancellationToken cancellationToken) =>
        RunAsync("describe", ["describe", "deployment", options.Deployment], options.Timeout, credentials, cancellationToken);

    /// <summary>Deploys the module as it is on disk. To do it again changes nothing.</summary>
    public Task<ToolAnswer> UpdateAsync(KumoriCredentials credentials, CancellationToken cancellationToken)
    {
        List<string> arguments = ["update", "deployment", options.Deployment, "--deployment", options.Manifests, "--yes"];
        if (options.Wait > TimeSpan.Zero)
            arguments.AddRange(["--wait", options.Wait.TotalSeconds.ToString("0", CultureInfo.InvariantCulture) + "s"]);
        return RunAsync("update", arguments, options.Wait + options.Timeout, credentials, cancellationToken);
    }

    private async Task<ToolAnswer> RunAsync(
        string name, IEnumerable<string> arguments, TimeSpan timeout, KumoriCredentials credentials,
        CancellationToken cancellationToken)
    {
        var run = new ToolRun(Start([.. _command, .. arguments]), timeout, options.OutputBytesMax);
        return Answer(name, await run.RunAsync(cancellationToken).ConfigureAwait(false), timeout, credentials);
    }

    private Task<ToolResult> LoginAsync(KumoriCredentials credentials, bool throughTerminal, CancellationToken cancellationToken)
    {
        string[] login = [.. _command, "login", credentials.User];
        // `script` takes a line for the shell. It is not to echo what we give it, and to keep no record of it either; the
        // tool may throw away what comes before it asks.
        var line = "exec " + string.Join(' ', login.Select(Quoted));
        var start = throughTerminal
            ? Start(["script", "--quiet", "--return", "--echo", "never", "--command", line, "/dev/null"])
            : Start(login);
        return new ToolRun(start, options.Timeout, options.OutputBytesMax)
        {
            Line = credentials.Password, Prompt = throughTerminal ? Prompt : null,
        }.RunAsync(cancellationToken);
    }

    private ProcessStartInfo Start(string[] command)
    {
        var start = new ProcessStartInfo(command[0], command[1..]) { WorkingDirectory = options.Directory };
        // Our own keys are none of its business.
        foreach (var name in start.Environment.Keys.Where(name =>
            name.StartsWith("FAAS_", StringComparison.OrdinalIgnoreCase)
            || name.StartsWith("Cluster__", StringComparison.OrdinalIgnoreCase)
            || name.StartsWith("ProcessFleet__", StringComparison.OrdinalIgnoreCase)).ToList())
            start.Environment.Remove(name);
        start.Environment["SHELL"] = "/bin/sh";
        start.Environment["TERM"] = "dumb";
        start.Environment["NO_COLOR"] = "1";
        return start;
    }

    private ToolAnswer Answer(string name, ToolResult result, TimeSpan timeout, KumoriCredentials credentials) => result switch
    {
        { End: ToolEnd.Exited, Code: 0 } => new(FleetOutcome.Done, result.Output),
        { End: ToolEnd.Exited } => new(
            FleetOutcome.Refused, Said(name, $"ended with code {result.Code}", result.All, credentials)),
        { End: ToolEnd.TimedOut } => new(FleetOutcome.TimedOut, $"'{name}' of Kumori's tool took more than {timeout.TotalSeconds} s."),
        { End: ToolEnd.WroteTooMuch } => new(
            FleetOutcome.Unreadable, $"'{name}' of Kumori's tool wrote more than {options.OutputBytesMax} bytes."),
        _ => new(FleetOutcome.Unreachable, PlainText.Of($"Kumori's tool cannot be started: {result.Output}")),
    };

    /// <summary>The line that names an error, or else the last one; none that may hold the password or the user.</summary>
    private static string Said(string name, string what, string output, KumoriCredentials credentials)
    {
        var lines = output.Split('\n', '\r');
        var telling = lines.Where(line => line.Contains("error", StringComparison.OrdinalIgnoreCase)).Concat(lines.Reverse())
            .Where(line => line.Length > 0).Take(LinesMax).Where(line => !MayHold(credentials.Password, line)
                && !PlainText.Of(line).Contains(credentials.User, StringComparison.OrdinalIgnoreCase))
            .Select(PlainText.Of).FirstOrDefault(line => line.Length > 0);
        return $"'{name}' of Kumori's tool {what}: {telling ?? "it wrote nothing that could be repeated."}";
    }

    /// <summary>A terminal may have echoed it, a tool quoted or escaped it: a few characters of it in a row are enough.</summary>
    private static bool MayHold(string password, string line)
    {
        var length = Math.Min(password.Length, FragmentLength);
        // Also once what stands between its characters, colours or blanks, is taken away.
        var clean = PlainText.Of(line);
        foreach (var form in (string[])[line, clean, clean.Replace(" ", "", StringComparison.Ordinal)])
            for (var at = 0; at + length <= password.Length; at++)
                if (form.AsSpan().Contains(password.AsSpan(at, length), StringComparison.OrdinalIgnoreCase)) return true;
        return false;
    }

    private static bool WantsTerminal(ToolResult result) =>
        result.End == ToolEnd.Exited && result.Code != 0 && Terminal().IsMatch(result.All);

    /// <summary>A path is meant from our own folder, not from the tool's.</summary>
    private static string[] Command(string tool)
    {
        var words = tool.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        if (words[0].Contains('/', StringComparison.Ordinal)) words[0] = Path.GetFullPath(words[0]);
        return words;
    }

    private static string Quoted(string word) => $"'{word.Replace("'", @"'\''", StringComparison.Ordinal)}'";

    [GeneratedRegex(@"\b(tty|terminal|ioctl)\b", RegexOptions.IgnoreCase)]
    private static partial Regex Terminal();

    [GeneratedRegex(@"\blogin ok\b", RegexOptions.IgnoreCase)]
    private static partial Regex LoggedIn();
}
