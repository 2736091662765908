using FaaS.Application.Db;
using FaaS.Application.Tests.Messaging;
using FaaS.Domain;
using FaaS.Domain.Functions;
using FaaS.Domain.Jobs;
using FaaS.Tests.Shared;
using FaaS.Tests.Shared.Fakes;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace FaaS.Application.Tests.Db;

/// <summary>Configurations and their secrets in the db module: what is stored, who reads it, and keys that change.</summary>
public sealed class ConfigTests
{
    private const string Value = "s3cr3t value";

    private static readonly JobId Job = new(1, 2);

    private static readonly string First = Key("k1", 1), Second = Key("k2", 2);

    private readonly MemoryStore _store = new MemoryStore().With("ann", "add").With("bob", "add");

    [Fact]
    public async Task Put_ReplacesAllButSecretsThatAreNotNamed()
    {
        await using var parts = Build(First);

        var first = await PutAsync(parts, new FunctionSettings(TimeoutMs: 50, Env: [new("A", "1")]), new("S", Value), new("T", "t"));
        var second = await PutAsync(parts, new FunctionSettings(Concurrency: 2), new("T", null), new("U", ""));

        (first.Revision, second.Revision).Should().Be((1, 2));
        first.Secrets.Should().Equal("S", "T");
        second.Secrets.Should().Equal("S", "U");
        second.Settings.Should().Be(new FunctionSettings(Concurrency: 2));
        second.Limits.Should().Be(FunctionLimits.Default);
        second.Policy.Should().Be(new FunctionPolicy(2, FunctionLimits.Default, 2, null, HasEnvironment: true));
        var found = (await parts.Mediator.Send(new GetConfig("ann", "add"))).Value;
        Alike.Check(found, second);
    }

    [Fact]
    public async Task Put_OfWhatIsThere_IsNoChange()
    {
        await using var parts = Build(First);
        var settings = new FunctionSettings(TimeoutMs: 50, Env: [new("A", "1")]);
        await PutAsync(parts, settings, new SecretChange("S", Value));
        var stored = _store.Configs.Single();

        (await PutAsync(parts, settings with { Env = [new("A", "1")] }, new("S", Value), new("gone", null))).Revision.Should().Be(1);

        _store.Configs.Single().Should().Be(stored);
    }

    [Theory]
    [InlineData("add", null, null, "timeoutMs must be a whole number from 10 to 900000")]
    [InlineData("add", "A", "x", "A is both in env and a secret")]
    [InlineData("nothing", null, null, "no function 'nothing'")]
    public async Task Put_ThatIsWrong_ChangesNothing(string function, string? env, string? secret, string message)
    {
        await using var parts = Build(First);
        var settings = env is null
            ? new FunctionSettings(TimeoutMs: function == "add" ? 900_001 : 50)
            : new FunctionSettings(Env: [new(env, "1")]);
        SecretChange[] secrets = secret is null ? [] : [new("A", secret)];

        (await parts.Mediator.Send(new PutConfig("ann", function, settings, secrets))).Error!.Message.Should().Contain(message);

        _store.Configs.Should().BeEmpty();
    }

    [Fact]
    public async Task Secrets_WhereThereIsNoKey_AreRefused_AndTheRestIsNot()
    {
        await using var parts = Build();

        var refused = await parts.Mediator.Send(new PutConfig("ann", "add", FunctionSettings.None, [new("S", Value)]));

        refused.Error!.Code.Should().Be(ErrorCode.Conflict);
        refused.Error.Message.Should().Contain("Secrets:CurrentKey").And.NotContain(Value);
        (await PutAsync(parts, new FunctionSettings(Env: [new("A", "1")]), new SecretChange("S", null))).Revision.Should().Be(1);
    }

    [Fact]
    public async Task Secrets_AreNowhereInTheClear()
    {
        await using var parts = Build(First);

        await PutAsync(parts, new FunctionSettings(Env: [new("A", "plain")]), new SecretChange("S", Value));

        var stored = _store.Configs.Single();
        stored.ToText().Should().NotContain("s3cr3t").And.Contain("plain");
        var audited = (await parts.Mediator.Send(new ListAudit(new AuditQuery("ann", "config.set", 0, 0, 0, 10)))).Value.Entries.Single();
        audited.Record.ToText().Should().NotContain("s3cr3t").And.NotContain("plain");
        audited.Record.Note.After.Should().Be("""{"env":["A"],"secrets":["S"]}""");
        new PutConfig("ann", "add", FunctionSettings.None, [new("S", Value)]).ToString().Should().NotContain(Value);
        (await ReadAsync(parts, Token(Job))).Value.ToString().Should().NotContain(Value);
    }

    [Fact]
    public async Task Environment_WithALeaseOfTheJob_IsAnswered()
    {
        await using var parts = Build(First);
        await PutAsync(parts, new FunctionSettings(Env: [new("A", "1")]), new("S", Value), new("T", ""));

        var read = (await ReadAsync(parts, Token(Job))).Value;

        read.Revision.Should().Be(1);
        read.Values.Should().Equal(new EnvironmentValue("A", "1"));
        read.Secrets.Should().Equal(new EnvironmentValue("S", Value), new EnvironmentValue("T", ""));
    }

    [Fact]
    public async Task Environment_WithALeaseThatIsMadeUpOrOfAnotherJob_IsRefused()
    {
        await using var parts = Build(First);
        await PutAsync(parts, FunctionSettings.None, new SecretChange("S", Value));

        foreach (var token in new[] { new LeaseToken(1, 1, 0), Token(new JobId(1, 3)), Token(Job) with { Number = 9 } })
            (await ReadAsync(parts, token)).Error!.Code.Should().Be(ErrorCode.Forbidden);
        (await parts.Mediator.Send(new ReadEnvironment(new JobId(9, 9), Token(new JobId(9, 9))))).Error!.Code.Should().Be(ErrorCode.JobNotFound);
    }

    [Fact]
    public async Task Secret_CopiedToAnotherUsersFunction_DoesNotOpenThere()
    {
        await using var parts = Build(First);
        await PutAsync(parts, FunctionSettings.None, new SecretChange("S", Value));
        var stolen = _store.Configs.Single().Secrets;
        await _store.ChangeAsync(
            "bob", "add", config => new(config with { Revision = 1, Secrets = stolen }, true), new AuditNote(Origin.Unknown(), 1, "test", "bob"), default);
        _store.Plant(new JobSubmission(new JobId(1, 7), "bob", "add", Body.Of("[]"u8.ToArray()), 1));

        var read = await parts.Mediator.Send(new ReadEnvironment(new JobId(1, 7), Token(new JobId(1, 7))));

        read.Error!.Message.Should().Contain("does not open with the key 'k1'");
    }

    [Fact]
    public async Task Secrets_OfAKeyThatIsGone_AreSaid_AndNotLost()
    {
        await using (var parts = Build(First)) await PutAsync(parts, FunctionSettings.None, new("S", Value), new("T", "t"));

        await using (var parts = Build(Second))
        {
            (await ReadAsync(parts, Token(Job))).Error!.Message.Should().StartWith("The secret S is encrypted with the key 'k1'");
            var kept = await parts.Mediator.Send(new PutConfig("ann", "add", new FunctionSettings(TimeoutMs: 50), []));
            kept.Error!.Message.Should().Contain("'k1'").And.Contain("Secrets:Keys:k1");
            (await PutAsync(parts, FunctionSettings.None, new("S", null), new("T", "u"))).Secrets.Should().Equal("T");
        }

        await using (var parts = Build($"{First},{Second}"))
            (await ReadAsync(parts, Token(Job))).Value.Secrets.Should().Equal(new EnvironmentValue("T", "u"));
    }

    [Fact]
    public async Task Sweep_EncryptsWithTheCurrentKey_SoThatTheOldOneCanGo()
    {
        await using (var parts = Build(First))
        {
            await PutAsync(parts, FunctionSettings.None, new("S", Value), new("T", "t"));
            await parts.Mediator.Send(new PutConfig("bob", "add", FunctionSettings.None, [new("B", "b")]));
        }

        await using (var parts = Build($"{Second},{First}"))
        {
            var sweep = parts.Server.GetServices<IHostedService>().OfType<SecretSweep>().Single();
            await sweep.StartAsync(default);
            await Eventually.HoldsAsync(() => _store.Configs.All(config => config.Secrets.All(secret => secret.Key == "k2")));
            await sweep.StopAsync(default);
        }

        _store.Configs.Select(config => config.Revision).Should().OnlyContain(revision => revision == 1, "they say the same");
        await using (var parts = Build(Second))
            (await ReadAsync(parts, Token(Job))).Value.Secrets.Should().Equal(new EnvironmentValue("S", Value), new EnvironmentValue("T", "t"));
    }

    [Theory]
    [InlineData("k1", "Secrets:Keys has an id that is none")]
    [InlineData("k1:c2hvcnQ=", "Secrets:Keys:k1 must be base64 of 32 bytes")]
    [InlineData("k!:c2hvcnQ=", "Secrets:Keys has an id that is none")]
    public async Task Keys_ThatAreWrong_AreRefusedWithoutBeingShown(string keys, string message)
    {
        await using var parts = Build(keys);

        var read = () => parts.Server.GetRequiredService<FaaS.Domain.Secrets.SecretKeys>();

        read.Should().Throw<Microsoft.Extensions.Options.OptionsValidationException>().Where(error => error.Message.Contains(message))
            .Where(error => !error.Message.Contains("c2hvcnQ="));
    }

    [Theory]
    [InlineData("Secrets:Keys:k1={0}", "Secrets:CurrentKey must be the id of one of Secrets:Keys")]
    [InlineData("Secrets:CurrentKey=k1", "Secrets:CurrentKey must be the id of one of Secrets:Keys")]
    [InlineData("Secrets:Keys:k1={0} Secrets:CurrentKey=K1", null)]
    public async Task Keys_InTheirSection_WantACurrentOne(string settings, string? message)
    {
        var key = Convert.ToBase64String(new byte[32]);
        await using var parts = Parts.Build(store: _store, settings: [.. settings.Replace("{0}", key).Split(' ')]);

        var read = () => parts.Server.GetRequiredService<FaaS.Domain.Secrets.SecretKeys>().Current!.Id;

        if (message is null) read().Should().Be("k1");
        else read.Should().Throw<Microsoft.Extensions.Options.OptionsValidationException>().Where(error => error.Message.Contains(message));
    }

    private Parts Build(string? keys = null)
    {
        if (_store.EndOf(Job) is null && _store.Configs.Count == 0)
            _store.Plant(new JobSubmission(Job, "ann", "add", Body.Of("[7]"u8.ToArray()), 1));
        return Parts.Build(store: _store, settings: keys is null ? [] : [$"FAAS_SECRET_KEYS={keys}"]);
    }

    private static async Task<ConfigState> PutAsync(Parts parts, FunctionSettings settings, params SecretChange[] secrets)
    {
        var put = await parts.Mediator.Send(new PutConfig("ann", "add", settings, secrets));
        put.Error.Should().BeNull();
        return put.Value;
    }

    private LeaseToken Token(JobId job) => new LeaseSealer(_store.LeaseKey).Seal(job, 1, 1);

    private static async Task<Result<FunctionEnvironment>> ReadAsync(Parts parts, LeaseToken token) =>
        await parts.Mediator.Send(new ReadEnvironment(Job, token));

    private static string Key(string id, byte seed) => $"{id}:{Convert.ToBase64String([.. Enumerable.Repeat(seed, 32)])}";
}
