using FaaS.Application.Db;
using FaaS.Domain;
using FaaS.Domain.Functions;

namespace FaaS.Tests.Shared.Stores;

/// <summary>Versions: immutable, listed newest first, any of them current again; jobs keep theirs.</summary>
public abstract class VersionContract : StoreContract
{
    private IVersionStore Versions => Stores.Versions;

    [Fact]
    public async Task Versions_AreListedNewestFirst_ByPages()
    {
        await RegisterAsync(source: "() => 1");
        for (var at = 2; at <= 5; at++) await MakeAsync($"() => '{at}'");

        var page = (await Versions.ListAsync(User, Function, 0, 3, default)).Value;
        var rest = (await Versions.ListAsync(User, Function, page.Versions[^1].Number, 3, default)).Value;

        page.Versions.Select(version => version.Number).Should().Equal(5, 4, 3);
        (page.More, rest.More).Should().Be((true, false));
        rest.Versions.Should().Equal(
            new FunctionVersion(2, SourceHash.Of(Utf8("() => '2'")), 9, NowMs, false),
            new FunctionVersion(1, SourceHash.Of(Utf8("() => 1")), 7, NowMs, false));
        page.Versions[0].IsCurrent.Should().BeTrue();
        var found = (await Versions.FindAsync(User, Function, 2, default)).Value;
        (found.Version, Text(found.Source)).Should().Be((rest.Versions[0], "() => '2'"));
    }

    [Fact]
    public async Task WhatIsNotThere_IsSaidSo()
    {
        await RegisterAsync();

        ShouldFail(await Versions.ListAsync("nobody", Function, 0, 1, default), ErrorCode.UserNotFound);
        ShouldFail(await Versions.ListAsync(User, "nothing", 0, 1, default), ErrorCode.FunctionNotFound);
        ShouldFail(await Versions.FindAsync(User, Function, 2, default), ErrorCode.VersionNotFound);
        ShouldFail(await RollbackAsync(2), ErrorCode.VersionNotFound);
        ShouldFail(await RollbackAsync(1, function: "nothing"), ErrorCode.FunctionNotFound);
        await Functions.DeleteAsync(User, Function, default);
        ShouldFail(await RollbackAsync(1), ErrorCode.FunctionNotFound);
    }

    [Fact]
    public async Task Rollback_MakesItCurrent_AndJobsKeepTheirs_AndNumbersGoOn()
    {
        await RegisterAsync(source: "() => 1");
        await MakeAsync("() => 2");
        await MakeAsync("() => 3");
        var before = NewJob();
        await AddAsync(before);

        (await RollbackAsync(1)).Value.Should().BeTrue();
        (await RollbackAsync(1)).Value.Should().BeFalse("it is current already");

        var after = NewJob();
        (await AddAsync(after)).New[0].Binding!.Version.Should().Be(1);
        (await FoundAsync(before)).Binding.Version.Should().Be(3);
        Text((await Functions.FindAsync(User, Function, default)).Value.Source).Should().Be("() => 1");
        (await Versions.ListAsync(User, Function, 0, 9, default)).Value.Versions.Single(version => version.IsCurrent).Number.Should().Be(1);
        (await MakeAsync("() => 1")).Should().Be(1, "it is the current one's");
        (await MakeAsync("() => 4")).Should().Be(4);
        (await RollbackAsync(3)).Value.Should().BeTrue();
        (await MakeAsync("() => 5")).Should().Be(5);
    }

    [Fact]
    public async Task Rollback_ToALongerSource_IsHeldToTheQuota()
    {
        await RegisterAsync(source: "() => 'a long one'");
        await MakeAsync("() => 1");

        ShouldFail(await RollbackAsync(1, new FunctionBounds(0, 10)), ErrorCode.QuotaExceeded);
        (await Functions.FindAsync(User, Function, default)).Value.Version.Should().Be(2);
        (await RollbackAsync(1, new FunctionBounds(0, 18))).Value.Should().BeTrue();
        (await Stores.Usage.SumFunctionsAsync(User, default)).Value.Should().Be(new FunctionHoldings(1, 18));
    }

    private static string Text(byte[] source) => System.Text.Encoding.UTF8.GetString(source);

    private async Task<int> MakeAsync(string source) =>
        (await Functions.RegisterAsync(User, Function, Utf8(source), NowMs, FunctionBounds.None, default)).Value;

    private Task<Result<bool>> RollbackAsync(int number, FunctionBounds? bounds = null, string function = Function) =>
        Versions.RollbackAsync(User, function, number, bounds ?? FunctionBounds.None, Unnoted.Note(), default);
}
