using System.Diagnostics;
using System.Globalization;
using FaaS.Application.Scaler;
using FaaS.Infrastructure.Fleet.Kumori;
using FaaS.Tests.Shared;

namespace FaaS.Infrastructure.Tests.Fleet;

/// <summary>Kumori's tool when it fails, hangs, floods, or wants a terminal; and where the password may not be.</summary>
public sealed class KumoriFaultTests : IDisposable
{
    private static readonly TimeSpan Long = TimeSpan.FromMinutes(1);

    private readonly KumoriStub _kumori = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _kumori.Dispose();

    [Theory]
    [InlineData("login", "echo 'Error: no such user' >&2; exit 3", FleetOutcome.Refused, "'login' of Kumori's tool ended with code 3: Error: no such user")]
    [InlineData("login", "head -c 300 /dev/urandom", FleetOutcome.Unreadable, "does not say that it worked")]
    [InlineData("login", "yes", FleetOutcome.Unreadable, "wrote more than 65536 bytes")]
    [InlineData("describe", "exit 7", FleetOutcome.Refused, "ended with code 7: it wrote nothing that could be repeated.")]
    [InlineData("describe", "kill -9 $$", FleetOutcome.Refused, "ended with code 137")]
    [InlineData("describe", "printf 'Error: \\033[1mno\\033[0m\\a \\342\\200\\256dep\\tloy\\r\\n'; exit 1", FleetOutcome.Refused, "Error: no dep loy")]
    [InlineData("describe", "head -c 9000 /dev/urandom", FleetOutcome.Unreadable, "does not mention the role 'worker'")]
    [InlineData("describe", "", FleetOutcome.Unreadable, "does not mention the role 'worker'")]
    [InlineData("describe", "yes worker", FleetOutcome.Unreadable, "wrote more than")]
    [InlineData("describe", "yes worker >&2", FleetOutcome.Unreadable, "wrote more than")]
    [InlineData("update", "echo 'worker.hsize: out of bound'; exit 1", FleetOutcome.Refused, "worker.hsize: out of bound")]
    public async Task Call_WhenTheToolFails_SaysHow_AndTheNextSucceeds(
        string command, string shell, FleetOutcome outcome, string detail)
    {
        var fleet = _kumori.Fleet(options => options.OutputBytesMax = 65_536);
        var works = _kumori.Read("cue/" + command);
        _kumori.Does(command, shell);

        var answer = command == "update" ? await fleet.ScaleToAsync(2, Token) : await fleet.CurrentAsync(Token);

        answer.Outcome.Should().Be(outcome, answer.Detail);
        answer.Detail.Should().Contain(detail);
        answer.Detail!.Any(char.IsControl).Should().BeFalse();
        _kumori.Log.All.Should().Contain(line => line.Text.Contains($"{outcome}"));
        _kumori.Does(command, works);
        (await fleet.CurrentAsync(Token)).Outcome.Should().Be(FleetOutcome.Done);
    }

    [Theory]
    [InlineData("login", KumoriPrompt.Pipe)]
    [InlineData("login", KumoriPrompt.Terminal)]
    [InlineData("describe", KumoriPrompt.Pipe)]
    public async Task Call_WhenTheToolHangs_TimesOut_AndNothingIsLeftOfIt(string command, KumoriPrompt prompt)
    {
        var fleet = _kumori.Fleet(options => (options.Timeout, options.Prompt) = (TimeSpan.FromSeconds(8), prompt));
        var works = _kumori.Read("cue/" + command);
        // It is one that dies when its terminal hangs up, over one that does not let itself be asked to go.
        _kumori.Does(
            command,
            "(trap '' TERM HUP\nsleep 300 &\necho $! > \"$here/child\"\nexec sleep 300) &\n"
            + "echo $! > \"$here/itself\"\nwait");

        var answer = await fleet.CurrentAsync(Token);

        answer.Outcome.Should().Be(FleetOutcome.TimedOut);
        answer.Detail.Should().Contain("8 s");
        await Eventually.HoldsAsync(() => _kumori.IsGone("cue/child") && _kumori.IsGone("cue/itself"));
        _kumori.Does(command, works);
        (await _kumori.Fleet(options => options.Prompt = prompt).CurrentAsync(Token)).Outcome.Should().Be(FleetOutcome.Done);
    }

    [Fact]
    public async Task Call_WhenTheToolLeavesAProcessBehind_DoesNotWaitForIt()
    {
        _kumori.Does("describe", "sleep 300 &\necho $! > \"$here/child\"\n" + KumoriStub.Listing(2));
        var since = Stopwatch.GetTimestamp();

        var answer = await _kumori.Fleet().CurrentAsync(Token);

        using var left = Process.GetProcessById(int.Parse(_kumori.Read("cue/child"), CultureInfo.InvariantCulture));
        left.Kill();
        answer.Workers!.Running.Should().Be(2);
        Stopwatch.GetElapsedTime(since).Should().BeLessThan(Long);
    }

    [Fact]
    public async Task Call_WhenThereIsNoTool_SaysUnreachable()
    {
        var none = await _kumori.Fleet(options => options.Tool = _kumori.In("none")).CurrentAsync(Token);
        var folder = await _kumori.Fleet(options => options.Directory = _kumori.In("none")).CurrentAsync(Token);
        var variable = await _kumori.Fleet(options => options.Variable = "none/x.cue").ScaleToAsync(2, Token);

        none.Outcome.Should().Be(FleetOutcome.Unreachable);
        folder.Outcome.Should().Be(FleetOutcome.Unreachable);
        variable.Outcome.Should().Be(FleetOutcome.Unreachable);
        variable.Detail.Should().StartWith("The variable cannot be written");
        _kumori.Asked.Should().Equal(["login user1"], "what cannot be written is not deployed");
    }

    [Fact]
    public async Task Call_WhenItIsCancelled_Throws()
    {
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();

        var call = () => _kumori.Fleet().CurrentAsync(cancelled.Token);

        await call.Should().ThrowAsync<OperationCanceledException>();
        _kumori.Asked.Should().BeEmpty();
    }

    [Fact]
    public async Task Login_WhenTheToolWantsATerminal_GetsOne_AndFromThenOnAtOnce()
    {
        _kumori.Does("login", KumoriStub.LoginAtTerminal);
        var fleet = _kumori.Fleet();

        (await fleet.CurrentAsync(Token)).Outcome.Should().Be(FleetOutcome.Done);
        _kumori.Asked.Count(asked => asked == "login user1").Should().Be(2);
        _kumori.EndSession();
        _kumori.Does("describe", "[ -e \"$here/session\" ] || exit 1\n" + KumoriStub.Listing(1));
        (await fleet.CurrentAsync(Token)).Outcome.Should().Be(FleetOutcome.Done);
        _kumori.Asked.Count(asked => asked == "login user1").Should().Be(3);
    }

    [Theory]
    [InlineData(KumoriPrompt.Terminal, KumoriStub.Login, FleetOutcome.Done)]
    [InlineData(KumoriPrompt.Terminal, KumoriStub.LoginAtTerminal, FleetOutcome.Done)]
    [InlineData(KumoriPrompt.Terminal, "sleep 1\n" + KumoriStub.LoginAtTerminal, FleetOutcome.Done)]
    [InlineData(KumoriPrompt.Terminal, "sleep 1\n" + KumoriStub.Login, FleetOutcome.Done)]
    [InlineData(KumoriPrompt.Auto, "sleep 1\n" + KumoriStub.Login, FleetOutcome.Done)]
    [InlineData(KumoriPrompt.Auto, "touch \"$here/session\"; echo 'Login OK.'", FleetOutcome.Done)]
    [InlineData(KumoriPrompt.Pipe, KumoriStub.Login, FleetOutcome.Done)]
    [InlineData(KumoriPrompt.Pipe, KumoriStub.LoginAtTerminal, FleetOutcome.Refused)]
    [InlineData(KumoriPrompt.Terminal, "exit 6", FleetOutcome.Refused)]
    public async Task Login_ByPipeOrTerminal(KumoriPrompt prompt, string login, FleetOutcome outcome)
    {
        _kumori.Does("login", login);

        var answer = await _kumori.Fleet(options => options.Prompt = prompt).CurrentAsync(Token);

        answer.Outcome.Should().Be(outcome, answer.Detail);
    }

    [Theory]
    [InlineData(KumoriPrompt.Pipe)]
    [InlineData(KumoriPrompt.Terminal)]
    public async Task Login_WhenItAsksTwice_IsAnsweredOnce(KumoriPrompt prompt)
    {
        _kumori.Does("login", "printf 'Password: '; read -r one\nprintf 'Password: '; read -r two || { echo 'Error: gave up'; exit 8; }\nsleep 300");

        var answer = await _kumori.Fleet(options => options.Prompt = prompt).CurrentAsync(Token);

        answer.Outcome.Should().Be(FleetOutcome.Refused);
        answer.Detail.Should().Contain("Error: gave up");
    }

    [Theory]
    [InlineData(KumoriPrompt.Pipe)]
    [InlineData(KumoriPrompt.Terminal)]
    public async Task Password_IsInNoLogNoArgumentNoDetailAndNoFile(KumoriPrompt prompt)
    {
        // It repeats what it was told, in every way that a tool may.
        _kumori.Does(
            "login",
            "printf 'Password: '; IFS= read -r password\nsleep 1\necho 'Not now.'\necho \"wrong: $password\" >&2\n"
            + "echo \"Error with $password!\"\nprintf 'Error in %.6s\\n' \"$password\"\nexit 1");
        var fleet = _kumori.Fleet(options => options.Prompt = prompt);

        var answer = await fleet.CurrentAsync(Token);

        answer.Outcome.Should().Be(FleetOutcome.Refused);
        answer.Detail.Should().EndWith("Not now.");
        _kumori.Does("login", KumoriStub.Login);
        (await fleet.ScaleToAsync(2, Token)).Outcome.Should().Be(FleetOutcome.Done);
        _kumori.Arguments.Should().Contain(line => line.Contains("login user1")).And.HaveCountGreaterThan(4);
        var said = string.Join('\n', [.. _kumori.Arguments, .. _kumori.Log.All.Select(line => line.Text), answer.Detail, _kumori.Read("cue/environment")]);
        said.Should().NotContain(KumoriStub.Password).And.NotContain("w\"örd");
        Directory.GetFiles(_kumori.In("cue"), "*", SearchOption.AllDirectories)
            .Where(file => Path.GetFileName(file) != "password").Select(File.ReadAllText)
            .Should().NotContain(text => text.Contains(KumoriStub.Password));
    }

    [Fact]
    public async Task Tool_DoesNotGetOurKeys()
    {
        Environment.SetEnvironmentVariable("FAAS_KUMORI_TEST", "hush");

        (await _kumori.Fleet().CurrentAsync(Token)).Outcome.Should().Be(FleetOutcome.Done);

        Environment.SetEnvironmentVariable("FAAS_KUMORI_TEST", null);
        _kumori.Read("cue/environment").Should().Contain("PATH=").And.NotContain("hush");
    }
}
