using FaaS.Application.Scaler;

namespace FaaS.Infrastructure.Fleet.Kumori;

/// <summary>Who logs in. Equal when both lines are: then a session may go on.</summary>
internal sealed record KumoriCredentials(string User, string Password)
{
    /// <summary>More than that is no user and password.</summary>
    private const int BytesMax = 4_096;

    /// <summary>Reads the file as it is now.</summary>
    /// <returns>The credentials, or why there are none; the reason never repeats what is in the file.</returns>
    public static async Task<(KumoriCredentials? Credentials, FleetAnswer? Missing)> ReadAsync(
        string file, CancellationToken cancellationToken)
    {
        string text;
        try
        {
            var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            await using (stream.ConfigureAwait(false))
            {
                if (stream.Length > BytesMax) return Missing($"'{file}' is larger than {BytesMax} bytes.");
                using var reader = new StreamReader(stream);
                text = await reader.ReadToEndAsync(cancellationToken).ConfigureAwait(false);
            }
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            return Missing($"'{file}' is not there yet: the user on its first line, the password on its second.");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            return Missing($"'{file}' cannot be read ({error.GetType().Name}).");
        }
        var lines = text.Split('\n').Select(line => line.TrimEnd('\r')).ToArray();
        if (lines.Length < 2 || lines[0].Length == 0 || lines[1].Length == 0)
            return Missing($"'{file}' must have the user on its first line and the password on its second.");
        // The user becomes an argument, and the password a line of input: neither may be taken for something else.
        if (lines[0][0] == '-' || lines[0].Any(c => char.IsControl(c) || char.IsWhiteSpace(c)) || lines[1].Any(char.IsControl))
            return Missing($"'{file}' has a user or a password with characters that cannot be given to the tool.");
        return (new KumoriCredentials(lines[0], lines[1]), null);
    }

    /// <summary>So that no log line can hold them.</summary>
    public override string ToString() => nameof(KumoriCredentials);

    private static (KumoriCredentials?, FleetAnswer?) Missing(string detail) =>
        (null, FleetAnswer.Fail(FleetOutcome.NoCredentials, PlainText.Of(detail)));
}
