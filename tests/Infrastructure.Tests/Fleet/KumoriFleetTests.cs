using FaaS.Application.Scaler;
using FaaS.Infrastructure.Fleet.Kumori;
using FaaS.Tests.Shared;

namespace FaaS.Infrastructure.Tests.Fleet;

/// <summary>The workers through Kumori's tool: sessions, the variable, and what counts as what.</summary>
public sealed class KumoriFleetTests : IDisposable
{
    private const string Describe = "describe deployment faas";
    private const string Update = "update deployment faas --deployment ./kumori/deployment --yes --wait 300s";

    private readonly KumoriStub _kumori = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _kumori.Dispose();

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(12)]
    public async Task Current_LogsIn_AndCountsWhatIsListed(int workers)
    {
        _kumori.Does("describe", KumoriStub.Listing(workers));

        Done(await _kumori.Fleet().CurrentAsync(Token)).Should().BeEquivalentTo(new FleetWorkers(workers, 0, 0, []));

        _kumori.Asked.Should().Equal("login user1", Describe);
    }

    [Fact]
    public async Task Current_CountsInstancesByTheirPattern_WhereThereIsOne()
    {
        _kumori.Does("describe", "printf 'worker: \\033[32mw-a\\033[0m, w-b (w-a)\\r\\nfrontend: f-a\\n'");

        Done(await _kumori.Fleet(options => options.Instance = "w-[a-z]").CurrentAsync(Token)).Running.Should().Be(2);
    }

    [Fact]
    public async Task ScaleTo_WritesTheVariable_ThenUpdates()
    {
        var fleet = _kumori.Fleet();

        var workers = Done(await fleet.ScaleToAsync(3, Token));

        workers.Should().BeEquivalentTo(new FleetWorkers(1, 2, 0, []));
        _kumori.Asked.Should().Equal("login user1", Update, Describe);
        // What the tool found is the file of the module, but for the number.
        var module = await File.ReadAllTextAsync(Path.Combine(Repository.Root, KumoriStub.Variable), Token);
        _kumori.Read("cue/updated").Should().Be(module.Replace("#NUM_WORKERS: 1", "#NUM_WORKERS: 3", StringComparison.Ordinal));
        _kumori.Has(KumoriStub.Variable + ".new").Should().BeFalse();
    }

    [Fact]
    public async Task ScaleTo_WhenItIsNotToWait_DoesNotSaySo()
    {
        await _kumori.Fleet(options => options.Wait = TimeSpan.Zero).ScaleToAsync(1, Token);

        _kumori.Asked.Should().Contain("update deployment faas --deployment ./kumori/deployment --yes");
    }

    [Fact]
    public async Task WhatWasAskedFor_CountsUntilItIsSeen()
    {
        var fleet = _kumori.Fleet();
        await fleet.ScaleToAsync(3, Token);

        Done(await fleet.CurrentAsync(Token)).Should().BeEquivalentTo(new FleetWorkers(1, 2, 0, []));
        _kumori.Does("describe", KumoriStub.Listing(3));
        Done(await fleet.CurrentAsync(Token)).Should().BeEquivalentTo(new FleetWorkers(3, 0, 0, []));
        // By somebody else's hand.
        _kumori.Does("describe", KumoriStub.Listing(5));
        Done(await fleet.CurrentAsync(Token)).Should().BeEquivalentTo(new FleetWorkers(5, 0, 0, []));
        Done(await fleet.ScaleToAsync(2, Token)).Should().BeEquivalentTo(new FleetWorkers(2, 0, 3, []));
        _kumori.Time.Advance(TimeSpan.FromMinutes(10));
        Done(await fleet.CurrentAsync(Token)).Should().BeEquivalentTo(new FleetWorkers(5, 0, 0, []), "it does not come");
    }

    [Fact]
    public async Task Drain_DoesNothing_AndSaysDone()
    {
        var fleet = _kumori.Fleet();
        await fleet.CurrentAsync(Token);

        Done(await fleet.DrainAsync(["one"], Token)).Should().BeEquivalentTo(new FleetWorkers(1, 0, 0, []));

        _kumori.Asked.Should().Equal("login user1", Describe);
        Done(await _kumori.Fleet().DrainAsync([], Token)).Running.Should().Be(1, "it is asked by a new fleet");
    }

    [Theory]
    [InlineData("[ -e \"$here/session\" ] || { echo 'Error: token expired' >&2; exit 1; }")]
    [InlineData("[ -e \"$here/session\" ] || { echo 'Please log in.'; exit 0; }")]
    public async Task Session_IsKept_AndOpenedAgainWhenItHasExpired(string expired)
    {
        _kumori.Does("describe", expired + "\n" + KumoriStub.Listing(2));
        var fleet = _kumori.Fleet();
        Done(await fleet.CurrentAsync(Token));
        Done(await fleet.CurrentAsync(Token));
        _kumori.EndSession();

        Done(await fleet.CurrentAsync(Token)).Running.Should().Be(2);

        _kumori.Asked.Should().Equal("login user1", Describe, Describe, Describe, "login user1", Describe);
    }

    [Fact]
    public async Task Session_WhenTheNewOneDoesNotHelp_IsOpenedOnceOnly()
    {
        var fleet = _kumori.Fleet();
        Done(await fleet.CurrentAsync(Token));
        _kumori.Does("update", "exit 9");

        (await fleet.ScaleToAsync(2, Token)).Outcome.Should().Be(FleetOutcome.Refused);

        _kumori.Asked.Skip(2).Should().Equal(Update, "login user1", Update);
    }

    [Theory]
    [InlineData("{0}\r\n{1}\r\n")]
    [InlineData("{0}\n{1}")]
    [InlineData("{0}\n{1}\n\n# ours\n")]
    [InlineData("\ufeff{0}\n{1}\n")]
    public async Task Credentials_AreReadHoweverTheyAreWritten(string form)
    {
        _kumori.Credentials = string.Format(null, form, KumoriStub.User, KumoriStub.Password);

        Done(await _kumori.Fleet().CurrentAsync(Token));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("user1")]
    [InlineData("user1\n")]
    [InlineData("\nsecret")]
    [InlineData("--help\nsecret")]
    [InlineData("user 1\nsecret")]
    [InlineData("user1\nsec\u0007ret")]
    public async Task Credentials_WhenTheyCannotBeUsed_AreWaitedFor(string? text)
    {
        var fleet = _kumori.Fleet();
        _kumori.Credentials = text;

        var answers = new[]
        {
            await fleet.CurrentAsync(Token), await fleet.ScaleToAsync(2, Token), await fleet.DrainAsync([], Token),
        };

        answers.Should().OnlyContain(answer => answer.Outcome == FleetOutcome.NoCredentials);
        answers[0].Detail.Should().Contain("KUMORI_CREDENTIALS").And.NotContain("secret");
        _kumori.Asked.Should().BeEmpty();
        _kumori.Has(KumoriStub.Variable).Should().BeFalse();
        _kumori.Credentials = $"{KumoriStub.User}\n{KumoriStub.Password}\n";
        Done(await fleet.CurrentAsync(Token));
    }

    [Fact]
    public async Task Credentials_WhenTheFileIsTooLargeOrNone_AreWaitedFor()
    {
        var fleet = _kumori.Fleet();
        _kumori.Credentials = "user1\n" + new string('x', 5_000);
        (await fleet.CurrentAsync(Token)).Outcome.Should().Be(FleetOutcome.NoCredentials);
        _kumori.Credentials = null;
        Directory.CreateDirectory(_kumori.In("KUMORI_CREDENTIALS"));

        (await fleet.CurrentAsync(Token)).Outcome.Should().Be(FleetOutcome.NoCredentials);
    }

    [Fact]
    public async Task Credentials_WhenTheyChange_OpenANewSession()
    {
        var fleet = _kumori.Fleet();
        Done(await fleet.CurrentAsync(Token));
        _kumori.Write("cue/password", "another");
        _kumori.Credentials = "user2\nanother\n";

        Done(await fleet.CurrentAsync(Token));

        _kumori.Asked.Should().Equal("login user1", Describe, "login user2", Describe);
    }

    [Fact]
    public async Task Restart_InTheMiddleOfAnUpdate_DoesNoHarm()
    {
        // The scaler ends after it has written 8, while it writes 9, and while the tool is at work.
        _kumori.Write(KumoriStub.Variable, "package num_workers\n\n#NUM_WORKERS: 8\n");
        _kumori.Write(KumoriStub.Variable + ".new", "package num_wor");
        _kumori.Does("update", "echo $$ > \"$here/updating\"; exec sleep 300");
        using (var ended = new CancellationTokenSource())
        {
            var update = _kumori.Fleet().ScaleToAsync(7, ended.Token);
            await Eventually.HoldsAsync(() => _kumori.Has("cue/updating"), TimeSpan.FromMinutes(1));
            await ended.CancelAsync();
            await ((Func<Task>)(() => update)).Should().ThrowAsync<OperationCanceledException>();
        }
        await Eventually.HoldsAsync(() => _kumori.IsGone("cue/updating"));
        _kumori.Does("update", "");
        var next = _kumori.Fleet();

        Done(await next.CurrentAsync(Token)).Should().BeEquivalentTo(new FleetWorkers(1, 0, 0, []));
        Done(await next.ScaleToAsync(2, Token)).Should().BeEquivalentTo(new FleetWorkers(1, 1, 0, []));
        _kumori.Read(KumoriStub.Variable).Should().EndWith("\n#NUM_WORKERS: 2\n");
        Directory.GetFiles(Path.GetDirectoryName(_kumori.In(KumoriStub.Variable))!).Should().ContainSingle();
    }

    private static FleetWorkers Done(FleetAnswer answer)
    {
        answer.Outcome.Should().Be(FleetOutcome.Done, answer.Detail);
        return answer.Workers!;
    }
}
