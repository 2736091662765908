using System.Globalization;
using FaaS.Infrastructure.Fleet.Kumori;
using FaaS.Tests.Shared;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace FaaS.Infrastructure.Tests.Fleet;

/// <summary>
/// Stands in for Kumori's tool: a shell script in a folder of its own, which writes down what it is asked and then does
/// what the test has written for that command. The CUE module beside it has only the variable.
/// </summary>
internal sealed class KumoriStub : IDisposable
{
    public const string User = "user1";
    public const string Password = "pa ss'w\"örd $HOME \\1";

    /// <summary>Asks for the password wherever it runs.</summary>
    public const string Login =
        """
        printf 'Password: '
        IFS= read -r password || { echo 'Error: no password'; exit 4; }
        [ "$password" = "$(cat "$here/password")" ] || { echo 'Error: Access denied'; exit 5; }
        touch "$here/session"
        echo 'Login OK.'
        """;

    /// <summary>Asks at a terminal only, without echo, as tools do that read passwords.</summary>
    public const string LoginAtTerminal =
        """
        [ -t 0 ] || { echo 'Error: inappropriate ioctl for device' >&2; exit 1; }
        printf 'Password: '
        stty -echo
        """ + "\n" + "IFS= read -r password || exit 4\nstty echo\n"
        + """
        [ "$password" = "$(cat "$here/password")" ] || { echo "Error: Access denied"; exit 5; }
        touch "$here/session"
        echo; echo 'Login OK.'
        """;

    private const string Head =
        """
        #!/bin/sh
        here=$(dirname "$0")
        echo "$*" >> "$here/asked"
        env > "$here/environment"
        pid=$$
        while [ "$pid" -gt 1 ]; do
          tr '\0' ' ' < /proc/$pid/cmdline >> "$here/arguments"; echo >> "$here/arguments"
          pid=$(sed -n 's/^PPid:\t//p' /proc/$pid/status)
        done
        . "$here/$1"
        """;

    private readonly string _folder = Directory.CreateTempSubdirectory("faas-kumori-").FullName;

    public KumoriStub()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(In(Variable))!);
        Write("cue/kumorictl", Head + "\n");
        Write("cue/password", Password);
        Credentials = $"{User}\n{Password}\n";
        Does("login", Login);
        Does("describe", Listing(1));
        Does("update", $"cat \"$here/../{Variable}\" >> \"$here/updated\"");
    }

    public static string Variable => "cue/variables/num_workers/num_workers.cue";

    public LogLines<KumoriFleet> Log { get; } = new();

    public FakeTimeProvider Time { get; } = new();

    public string Tool => "/bin/sh " + In("cue/kumorictl");

    public string? Credentials
    {
        set
        {
            if (value is null) File.Delete(In("KUMORI_CREDENTIALS"));
            else Write("KUMORI_CREDENTIALS", value);
        }
    }

    /// <summary>The arguments of each run, in order.</summary>
    public IReadOnlyList<string> Asked => Lines("asked");

    /// <summary>The command lines of the tool and of everything above it, of all runs.</summary>
    public IReadOnlyList<string> Arguments => Lines("arguments");

    /// <summary>What <c>describe</c> writes of so many workers.</summary>
    public static string Listing(int workers) =>
        $"""
        cat <<'END'
        Deployment: faas    Service: kumori/service
          Role: frontend    Image: registry.example/faas-frontend:0.1.0
            kd-101500-1a2b3c4d-frontend000-deployment-5   Running
          Role: worker      Image: registry.example/faas-worker:0.1.0
        {string.Join('\n', Enumerable.Range(0, workers).Select(i => $"    kd-101500-1a2b3c4d-worker000-deployment-{i}   Running\n      worker  0 restarts"))}
        END
        """;

    /// <summary>Says what a command does from now on, as a piece of shell.</summary>
    public void Does(string command, string shell) => Write("cue/" + command, shell + "\n");

    public void EndSession() => File.Delete(In("cue/session"));

    public bool Has(string file) => File.Exists(In(file));

    public string Read(string file) => File.ReadAllText(In(file));

    public void Write(string file, string text) => File.WriteAllText(In(file), text);

    public string In(string file) => Path.Combine(_folder, file);

    public KumoriFleet Fleet(Action<KumoriFleetOptions>? change = null)
    {
        var options = new KumoriFleetOptions
        {
            Tool = Tool, Directory = In("cue"), Credentials = In("KUMORI_CREDENTIALS"), Timeout = TimeSpan.FromMinutes(2),
        };
        change?.Invoke(options);
        return new KumoriFleet(Options.Create(options), Time, Log);
    }

    /// <summary>Whether a process that a run has written the id of is gone, or only waits to be reaped.</summary>
    public bool IsGone(string file)
    {
        var id = int.Parse(Read(file), CultureInfo.InvariantCulture);
        try
        {
            return File.ReadAllText($"/proc/{id}/stat").Contains(") Z ", StringComparison.Ordinal);
        }
        catch (IOException)
        {
            return true;
        }
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string[] Lines(string file) => Has("cue/" + file) ? File.ReadAllLines(In("cue/" + file)) : [];
}
