using FaaS.Application.Db;
using FaaS.Domain;
using FaaS.Domain.Functions;
using FaaS.Domain.Secrets;

namespace FaaS.Tests.Shared.Stores;

/// <summary>What is configured for functions: found by name and by job, told with every binding, gone with the function.</summary>
public abstract class ConfigContract : StoreContract
{
    private static readonly FunctionSettings Slow = new(
        TimeoutMs: 200, MemoryMb: 64, Concurrency: 2, Retry: new RetrySettings(5, 10, 20),
        Env: [new EnvironmentValue("MODE", "fast ☃ \"\\\n"), new EnvironmentValue("EMPTY", "")]);

    private static readonly SealedSecret Token = new("TOKEN", "k1", [1, 2, 3, 0, 255]);

    private IConfigStore Configs => Stores.Configs;

    [Fact]
    public async Task Find_OfWhatIsNotConfigured_IsNothingOfRevisionZero()
    {
        var generation = await RegisterAsync();

        var found = (await Configs.FindAsync(User, Function, default)).Value;

        Check(found, 0, FunctionSettings.None);
        (found.Of.Generation, found.Of.User, found.Of.Function).Should().Be((generation, User, Function));
        found.Of.FunctionId.Should().BeGreaterThan(0);
        ShouldFail(await Configs.FindAsync("nobody", Function, default), ErrorCode.UserNotFound);
        ShouldFail(await Configs.FindAsync(User, "nothing", default), ErrorCode.FunctionNotFound);
        ShouldFail(await Configs.FindOfJobAsync(new(1, 2), default), ErrorCode.JobNotFound);
    }

    [Fact]
    public async Task Change_IsFoundByNameAndByJob_WithAllOfIt()
    {
        await RegisterAsync();
        var job = await AddedAsync();

        Check(await SetAsync(Slow, Token), 1, Slow, Token);

        Check((await Configs.FindAsync(User, Function, default)).Value, 1, Slow, Token);
        var ofJob = (await Configs.FindOfJobAsync(job.Submission.Id, default)).Value;
        Check(ofJob, 1, Slow, Token);
        ofJob.Of.Should().Be((await Configs.FindAsync(User, Function, default)).Value.Of);
        Check(await SetAsync(FunctionSettings.None), 2, FunctionSettings.None);
    }

    [Fact]
    public async Task Change_ThatIsRefusedOrChangesNothing_LeavesAllAsItIs()
    {
        await RegisterAsync();
        await SetAsync(Slow, Token);

        ShouldFail(
            await Configs.ChangeAsync(User, Function, _ => new Error(ErrorCode.Conflict, "No."), Unnoted.Note(), default),
            ErrorCode.Conflict);
        (await Configs.ChangeAsync(User, Function, config => new(config, false), Unnoted.Note(), default)).IsOk.Should().BeTrue();

        Check((await Configs.FindAsync(User, Function, default)).Value, 1, Slow, Token);
        ShouldFail(
            await Configs.ChangeAsync(User, "nothing", config => new(config, true), Unnoted.Note(), default),
            ErrorCode.FunctionNotFound);
    }

    [Fact]
    public async Task Change_ByManyAtOnce_LosesNone()
    {
        await RegisterAsync();

        await Task.WhenAll(Enumerable.Range(1, 20).Select(at => ChangeAsync(config => config with
        {
            Secrets = [.. config.Secrets, new SealedSecret($"S{at}", "k1", [(byte)at])],
        })));

        var found = (await Configs.FindAsync(User, Function, default)).Value;
        found.Revision.Should().Be(20);
        found.Secrets.Select(secret => secret.Name).Should().BeEquivalentTo(Enumerable.Range(1, 20).Select(at => $"S{at}"));
    }

    [Fact]
    public async Task Bindings_OfNewAndOfUnfinishedJobs_CarryThePolicy()
    {
        await RegisterAsync();
        await RegisterAsync("bob");
        var before = await AddAsync(NewJob());
        before.New[0].Binding!.Policy.Should().BeNull();
        await SetAsync(Slow, Token);

        var after = (await AddAsync(NewJob(), NewJob("bob"))).New;
        var limits = new FunctionLimits(TimeSpan.FromMilliseconds(200), 64);
        var policy = new FunctionPolicy(1, limits, 2, new RetryPolicy(5, 10, 20), HasEnvironment: true);

        after[0].Binding!.Policy.Should().Be(policy);
        after[0].Binding!.Limits.Should().Be(limits);
        after[1].Binding!.Policy.Should().BeNull("it is another's");
        (await UnfinishedAsync()).Select(job => job.Binding.Policy).Should().Equal(policy, policy, null);

        await SetAsync(FunctionSettings.None);
        var bare = new FunctionPolicy(2, FunctionLimits.Default);
        (await AddAsync(NewJob())).New[0].Binding!.Policy.Should().Be(bare);
        (await UnfinishedAsync())[0].Binding.Policy.Should().Be(bare);
    }

    [Fact]
    public async Task Policy_AfterANewVersion_IsTheSame()
    {
        await RegisterAsync();
        await SetAsync(Slow);
        await AddAsync(NewJob());

        await Functions.RegisterAsync(User, Function, Utf8("() => 2"), NowMs, FunctionBounds.None, default);

        (await AddAsync(NewJob())).New[0].Binding!.Policy!.Revision.Should().Be(1);
    }

    [Fact]
    public async Task Deleting_AFunction_ErasesWhatWasConfigured()
    {
        await RegisterAsync();
        await AddedAsync();
        await SetAsync(Slow, Token);

        await Functions.DeleteAsync(User, Function, default);

        ShouldFail(await Configs.FindAsync(User, Function, default), ErrorCode.FunctionNotFound);
        (await Configs.ListAsync(0, 10, default)).Value.Should().OnlyContain(config => config.Secrets.Count == 0);
        (await UnfinishedAsync()).Single().Binding.Policy.Should().Be(new FunctionPolicy(2, FunctionLimits.Default));
        await Functions.RegisterAsync(User, Function, Utf8("() => 1"), NowMs, FunctionBounds.None, default);
        var again = (await Configs.FindAsync(User, Function, default)).Value;
        again.Revision.Should().BeGreaterThan(1, "a queue that knows the old one must not take it for newer");
        Check(again, again.Revision, FunctionSettings.None);
    }

    [Fact]
    public async Task Closing_AGeneration_ErasesWhatWasConfigured()
    {
        await RegisterAsync();
        await SetAsync(Slow, Token);

        await RegisterAsync();

        Check((await Configs.FindAsync(User, Function, default)).Value, 0, FunctionSettings.None);
        (await Configs.ListAsync(0, 10, default)).Value.Should().BeEmpty();
    }

    [Fact]
    public async Task List_GivesPages_AndReseal_KeepsTheRevisionOrIsTooLate()
    {
        await RegisterAsync("bob");
        await RegisterAsync();
        await SetAsync(Slow, Token);
        await ChangeAsync(config => config with { Secrets = [Token] }, "bob");

        var first = (await Configs.ListAsync(0, 1, default)).Value.Single();
        var second = (await Configs.ListAsync(first.Of.FunctionId, 1, default)).Value.Single();
        (await Configs.ListAsync(second.Of.FunctionId, 1, default)).Value.Should().BeEmpty();
        (first.Of.User, second.Of.User).Should().Be(("bob", User));
        Check(second, 1, Slow, Token);

        var again = Token with { Key = "k2", Bytes = [9] };
        (await Configs.ResealAsync(second with { Secrets = [again] }, default)).Value.Should().BeTrue();
        Check((await Configs.FindAsync(User, Function, default)).Value, 1, Slow, again);
        await SetAsync(FunctionSettings.None);
        (await Configs.ResealAsync(second, default)).Value.Should().BeFalse();
        Check((await Configs.FindAsync(User, Function, default)).Value, 2, FunctionSettings.None);
    }

    private Task<FunctionConfig> SetAsync(FunctionSettings settings, params SealedSecret[] secrets) =>
        ChangeAsync(config => config with { Settings = settings, Secrets = secrets });

    private async Task<FunctionConfig> ChangeAsync(Func<FunctionConfig, FunctionConfig> change, string user = User)
    {
        var changed = await Configs.ChangeAsync(
            user, Function, config => new(change(config) with { Revision = config.Revision + 1 }, true), Unnoted.Note(), default);
        changed.Error.Should().BeNull();
        return changed.Value;
    }

    private static void Check(FunctionConfig config, long revision, FunctionSettings settings, params SealedSecret[] secrets)
    {
        config.Revision.Should().Be(revision);
        config.Settings.IsLike(settings).Should().BeTrue("{0} is what was set", config.Settings);
        config.Secrets.Should().BeEquivalentTo(secrets);
    }
}
