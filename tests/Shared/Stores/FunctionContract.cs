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
        ShouldFail(await Functions.RegisterAsync("nobody", Function, [1], NowMs, FunctionBounds.None, default), ErrorCode.UserNotFound);
        ShouldFail(await Functions.DeleteAsync("nobody", Function, default), ErrorCode.UserNotFound);
        ShouldFail(await Functions.FindAsync("nobody", Function, default), ErrorCode.UserNotFound);
        ShouldFail(await Functions.ListAsync("nobody", "", 100, 1 << 20, default), ErrorCode.UserNotFound);
    }

    [Fact]
    public async Task Delete_WhenThereIsOne_TakesItAway()
    {
        await MakeAsync("() => 1");

        (await Functions.DeleteAsync(User, Function, default)).Value.Should().BeTrue();

        ShouldFail(await Functions.FindAsync(User, Function, default), ErrorCode.FunctionNotFound);
        (await Functions.ListAsync(User, "", 100, 1 << 20, default)).Value.Functions.Should().BeEmpty();
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

        var functions = (await Functions.ListAsync(User, "", 100, 1 << 20, default)).Value.Functions;

        functions.Select(function => function.Name).Should().Equal("$", "B", "_", "a", "b");
        functions[0].Source.Should().Equal(Utf8("() => 1"));
    }

    [Theory]
    [InlineData(1, 1 << 20, "1 1 1 1 1")]
    [InlineData(2, 1 << 20, "2 2 1")]
    [InlineData(5, 1 << 20, "5")]
    [InlineData(100, 2_000, "2 2 1")]
    [InlineData(100, 2_999, "2 2 1")]
    [InlineData(100, 500, "1 1 1 1 1")]
    public async Task List_WhenItIsMoreThanAPage_GoesOnBehindTheLastName(int rows, int bytes, string pages)
    {
        foreach (var name in new[] { "e", "a", "d", "B", "c" }) await MakeAsync(new string('x', 1_000), name);
        var (names, sizes) = (new List<string>(), new List<int>());

        for (var more = true; more;)
        {
            var page = (await Functions.ListAsync(User, names.LastOrDefault(""), rows, bytes, default)).Value;
            names.AddRange(page.Functions.Select(function => function.Name));
            sizes.Add(page.Functions.Count);
            more = page.More;
        }

        names.Should().Equal("B", "a", "c", "d", "e");
        string.Join(' ', sizes).Should().Be(pages);
    }

    [Fact]
    public async Task List_WhenTheUserIsReplaced_IsOfAnotherGeneration()
    {
        await MakeAsync("() => 1");
        var before = (await Functions.ListAsync(User, "", 1, 1, default)).Value.Generation;

        var opened = (await Users.RegisterAsync(User, NowMs, default)).Value.Generation;

        var after = (await Functions.ListAsync(User, "add", 1, 1, default)).Value;
        after.Generation.Should().Be(opened).And.NotBe(before);
    }

    [Fact]
    public async Task Register_WhenTheUserHasAllItMay_RefusesOneMoreAndNamesTheLimit()
    {
        await MakeAsync("() => 1", "a");
        await MakeAsync("() => 1", "b");

        var refused = await MakeAsync("c", "() => 'refused'", new FunctionBounds(2, 0));

        ShouldFail(refused, ErrorCode.QuotaExceeded);
        (refused.Error!.Quota, refused.Error.Limit, refused.Error.RetryAfterSeconds).Should().Be(("functions", 2, null));
        refused.Error.Message.Should().Contain("2 functions").And.Contain("delete one");
        ShouldFail(await Functions.FindAsync(User, "c", default), ErrorCode.FunctionNotFound);
        ShouldFail(
            await Functions.ReadSourceAsync(SourceHash.Of(Utf8("() => 'refused'")), default), ErrorCode.VersionNotFound);
    }

    [Fact]
    public async Task Register_WhenTheUserHasAllItMay_TakesOneItHasAndOneInThePlaceOfADeletedOne()
    {
        var two = new FunctionBounds(2, 0);
        await MakeAsync("() => 1", "a");
        await MakeAsync("() => 1", "b");

        (await MakeAsync("b", "() => 2", two)).Value.Should().Be(2);
        await Functions.DeleteAsync(User, "a", default);
        (await MakeAsync("c", "() => 1", two)).Value.Should().Be(1);
        ShouldFail(await MakeAsync("a", "() => 1", two), ErrorCode.QuotaExceeded);
        await Users.RegisterAsync(User, NowMs, default);
        (await MakeAsync("a", "() => 1", two)).Value.Should().Be(1);
    }

    /// <summary>Sources of 7 bytes and more, for whose sum 16 is the bound.</summary>
    [Fact]
    public async Task Register_BeyondTheBytesOfSources_IsRefusedUntilThereIsRoom()
    {
        var sixteen = new FunctionBounds(0, 16);
        (await MakeAsync("a", "() => 1", sixteen)).IsOk.Should().BeTrue();
        (await MakeAsync("b", "() => 22", sixteen)).IsOk.Should().BeTrue();

        var refused = await MakeAsync("a", "() => 333", sixteen);

        ShouldFail(refused, ErrorCode.QuotaExceeded);
        (refused.Error!.Quota, refused.Error.Limit, refused.Error.RetryAfterSeconds).Should().Be(("sourceBytes", 16, null));
        refused.Error.Message.Should().Contain("17 bytes");
        ShouldFail(await MakeAsync("c", "() => 1", sixteen), ErrorCode.QuotaExceeded);
        (await FoundAsync("a")).Source.Should().Equal(Utf8("() => 1"));
        (await MakeAsync("b", "() => 2", sixteen)).Value.Should().Be(2, "a shorter one makes room");
        (await MakeAsync("a", "() => 333", sixteen)).Value.Should().Be(2);
        await Functions.DeleteAsync(User, "b", default);
        (await MakeAsync("c", "() => 1", sixteen)).IsOk.Should().BeTrue();
    }

    [Fact]
    public async Task Register_ByWhoIsOverALoweredQuota_TakesWhatIsNoMoreThanBefore()
    {
        await MakeAsync("() => 12345", "a");
        await MakeAsync("() => 1", "b");
        var lowered = new FunctionBounds(1, 5);

        (await MakeAsync("a", "() => 12345", lowered)).Value.Should().Be(1, "it is repeated");
        (await MakeAsync("a", "() => 54321", lowered)).Value.Should().Be(2);
        ShouldFail(await MakeAsync("a", "() => 123456", lowered), ErrorCode.QuotaExceeded);
    }

    [Fact]
    public async Task Register_ByManyAtOnceWithRoomForOne_IsDoneForExactlyOne()
    {
        await MakeAsync("() => 1", "a");

        var byCount = await Task.WhenAll(Enumerable.Range(0, 8).Select(at => MakeAsync($"n{at}", "() => 1", new FunctionBounds(2, 0))));
        var byBytes = await Task.WhenAll(Enumerable.Range(0, 8).Select(at => MakeAsync($"b{at}", "() => 1", new FunctionBounds(0, 21))));

        byCount.Count(one => one.IsOk).Should().Be(1);
        byBytes.Count(one => one.IsOk).Should().Be(1);
        byCount.Concat(byBytes).Where(one => !one.IsOk).Should().OnlyContain(one => one.Error!.Code == ErrorCode.QuotaExceeded);
        (await Functions.ListAsync(User, "", 100, 10_000, default)).Value.Functions.Should().HaveCount(3);
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
        await Functions.RegisterAsync(User, Function, source, NowMs, FunctionBounds.None, default);

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
        var version = await Functions.RegisterAsync(User, name, Utf8(source), NowMs, FunctionBounds.None, default);
        version.Error.Should().BeNull();
        return version.Value;
    }

    private Task<Result<int>> MakeAsync(string name, string source, FunctionBounds bounds) =>
        Functions.RegisterAsync(User, name, Utf8(source), NowMs, bounds, default);

    private async Task<FunctionSource> FoundAsync(string name) => (await Functions.FindAsync(User, name, default)).Value;

    private async Task<FunctionSource> FoundAsync() => (await Functions.FindAsync(User, Function, default)).Value;
}
