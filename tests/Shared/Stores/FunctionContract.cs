using FaaS.Application.Db;
using FaaS.Domain;
using FaaS.Domain.Functions;

namespace FaaS.Tests.Shared.Stores;

/// <summary>Functions, their versions and their sources.</summary>
public abstract class FunctionContract : StoreContract
{
    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        await Users.RegisterAsync(User, NowMs, default);
    }

    [Fact]
    public async Task Register_WhenTheFunctionIsNew_MakesVersionOne()
    {
        (await MakeAsync("() => 1")).Should().Be(1);
    }

    [Fact]
    public async Task Register_WhenTheSourceIsAnother_MakesItCurrent()
    {
        await MakeAsync("() => 1");

        (await MakeAsync("() => 2")).Should().Be(2);

        (await FoundAsync()).Should().BeEquivalentTo(new FunctionSource(Function, 2, Utf8("() => 2")));
    }

    [Fact]
    public async Task Register_WhenTheSourceIsTheCurrentOne_MakesNoVersion()
    {
        await MakeAsync("() => 1");
        await MakeAsync("() => 2");

        (await MakeAsync("() => 2")).Should().Be(2);
        (await MakeAsync("() => 1")).Should().Be(3, "an older source is not the current one");
    }

    [Fact]
    public async Task Register_WhenTheNameWasDeleted_GoesOnNumbering()
    {
        await MakeAsync("() => 1");
        await Functions.DeleteAsync(User, Function, default);

        (await MakeAsync("() => 2")).Should().Be(2);

        (await FoundAsync()).Version.Should().Be(2);
    }

    [Fact]
    public async Task Register_WhenTheUserIsReplaced_BeginsAtOne()
    {
        await MakeAsync("() => 1");
        await MakeAsync("() => 2");
        await Users.RegisterAsync(User, NowMs, default);

        (await MakeAsync("() => 3")).Should().Be(1);
    }

    [Fact]
    public async Task Register_WhenManyRegisterAtOnce_NumbersEachOnce()
    {
        var numbers = await Task.WhenAll(Enumerable.Range(0, 20).Select(at => MakeAsync($"() => {at}")));

        numbers.Should().BeEquivalentTo(Enumerable.Range(1, 20));
        (await FoundAsync()).Version.Should().Be(20);
    }

    [Fact]
    public async Task AnyCall_WhenThereIsNoUser_SaysSo()
    {
        ShouldFail(await Functions.RegisterAsync("nobody", Function, [1], NowMs, default), ErrorCode.UserNotFound);
        ShouldFail(await Functions.DeleteAsync("nobody", Function, default), ErrorCode.UserNotFound);
        ShouldFail(await Functions.FindAsync("nobody", Function, default), ErrorCode.UserNotFound);
        ShouldFail(await Functions.ListAsync("nobody", default), ErrorCode.UserNotFound);
    }

    [Fact]
    public async Task Delete_WhenThereIsOne_TakesItAway()
    {
        await MakeAsync("() => 1");

        (await Functions.DeleteAsync(User, Function, default)).Value.Should().BeTrue();

        ShouldFail(await Functions.FindAsync(User, Function, default), ErrorCode.FunctionNotFound);
        (await Functions.ListAsync(User, default)).Value.Should().BeEmpty();
    }

    [Fact]
    public async Task Delete_WhenThereIsNone_SaysSo()
    {
        await MakeAsync("() => 1");
        await Functions.DeleteAsync(User, Function, default);

        (await Functions.DeleteAsync(User, Function, default)).Value.Should().BeFalse();
        (await Functions.DeleteAsync(User, "nothing", default)).Value.Should().BeFalse();
    }

    [Fact]
    public async Task Delete_WhenJobsAreQueued_LeavesThemTheirVersion()
    {
        await MakeAsync("() => 1");
        var job = await AddedAsync();

        await Functions.DeleteAsync(User, Function, default);

        var row = (await UnfinishedAsync()).Single();
        row.Id.Should().Be(job.Submission.Id);
        (await Functions.ReadSourceAsync(row.Binding.Hash, default)).Value.Should().Equal(Utf8("() => 1"));
    }

    [Fact]
    public async Task Find_WhenThereIsNoFunction_SaysSo()
    {
        var found = await Functions.FindAsync(User, "nothing", default);

        ShouldFail(found, ErrorCode.FunctionNotFound);
        found.Error!.Message.Should().Contain("nothing").And.Contain(User);
    }

    [Fact]
    public async Task List_WhenThereAreSeveral_IsByName()
    {
        foreach (var name in new[] { "b", "$", "a", "B", "_" }) await MakeAsync("() => 1", name);

        var functions = (await Functions.ListAsync(User, default)).Value;

        functions.Select(function => function.Name).Should().Equal("$", "B", "_", "a", "b");
        functions[0].Source.Should().Equal(Utf8("() => 1"));
    }

    [Fact]
    public async Task ReadSource_WhenUsersShareASource_GivesItToBoth()
    {
        await MakeAsync("() => 1");
        await RegisterAsync("bob", source: "() => 1");
        await Users.CloseAsync(User, default);

        (await Functions.ReadSourceAsync(SourceHash.Of(Utf8("() => 1")), default)).Value
            .Should().Equal(Utf8("() => 1"));
    }

    [Fact]
    public async Task ReadSource_WhenItIsNotText_KeepsItsBytes()
    {
        byte[] source = [0, 255, 13, 10, 0xEF, 0xBB, 0xBF];
        await Functions.RegisterAsync(User, Function, source, NowMs, default);

        (await Functions.ReadSourceAsync(SourceHash.Of(source), default)).Value.Should().Equal(source);
    }

    [Fact]
    public async Task ReadSource_WhenThereIsNone_SaysSo()
    {
        ShouldFail(
            await Functions.ReadSourceAsync(SourceHash.Of(Utf8("never registered")), default),
            ErrorCode.VersionNotFound);
    }

    private async Task<int> MakeAsync(string source, string name = Function)
    {
        var version = await Functions.RegisterAsync(User, name, Utf8(source), NowMs, default);
        version.Error.Should().BeNull();
        return version.Value;
    }

    private async Task<FunctionSource> FoundAsync() => (await Functions.FindAsync(User, Function, default)).Value;
}
