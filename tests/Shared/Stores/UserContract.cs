using FaaS.Application.Db;
using FaaS.Domain;

namespace FaaS.Tests.Shared.Stores;

/// <summary>Users, their generations and their time.</summary>
public abstract class UserContract : StoreContract
{
    [Fact]
    public async Task Register_WhenTheUserIsNew_OpensAGeneration()
    {
        var registration = (await Users.RegisterAsync(User, NowMs, default)).Value;

        registration.Generation.Should().BePositive();
        registration.ClosedGeneration.Should().Be(0);
    }

    [Fact]
    public async Task Register_WhenTheUserIsThere_ClosesTheGenerationBefore()
    {
        var first = (await Users.RegisterAsync(User, NowMs, default)).Value;

        var second = (await Users.RegisterAsync(User, NowMs, default)).Value;

        second.ClosedGeneration.Should().Be(first.Generation);
        second.Generation.Should().NotBe(first.Generation).And.BePositive();
    }

    [Fact]
    public async Task Register_WhenTheUserIsThere_TakesItsFunctionsAndTimeAway()
    {
        await RegisterAsync();
        await EndAsync(Succeed(await AddedAsync(), wallUs: 5));

        await Users.RegisterAsync(User, NowMs, default);

        (await Functions.ListAsync(User, "", 100, 1 << 20, default)).Value.Functions.Should().BeEmpty();
        (await SumUsAsync()).Should().Be(0);
    }

    [Fact]
    public async Task Register_WhenAnotherUserIsThere_LeavesItAlone()
    {
        await RegisterAsync("bob");

        (await Users.RegisterAsync(User, NowMs, default)).Value.ClosedGeneration.Should().Be(0);

        (await Functions.ListAsync("bob", "", 100, 1 << 20, default)).Value.Functions.Should().ContainSingle();
    }

    [Fact]
    public async Task Register_WhenManyRegisterAtOnce_LeavesOneGenerationOpen()
    {
        var registrations = await Task.WhenAll(
            Enumerable.Range(0, 20).Select(_ => Users.RegisterAsync(User, NowMs, default)));

        var opened = registrations.Select(registration => registration.Value.Generation).ToArray();
        var closed = registrations.Select(registration => registration.Value.ClosedGeneration)
            .Where(generation => generation != 0).ToArray();
        opened.Should().OnlyHaveUniqueItems();
        closed.Should().OnlyHaveUniqueItems().And.HaveCount(19).And.BeSubsetOf(opened);
    }

    [Fact]
    public async Task Close_WhenTheUserIsThere_TakesItAway()
    {
        var generation = await RegisterAsync();

        (await Users.CloseAsync(User, default)).Value.Should().Be(new UserRegistration(0, generation));

        ShouldFail(await Users.SumWallTimeAsync(User, default), ErrorCode.UserNotFound);
        ShouldFail(await Functions.ListAsync(User, "", 100, 1 << 20, default), ErrorCode.UserNotFound);
    }

    [Fact]
    public async Task Close_WhenThereIsNoUser_ClosesNothing()
    {
        await RegisterAsync();
        await Users.CloseAsync(User, default);

        (await Users.CloseAsync(User, default)).Value.Should().Be(new UserRegistration(0, 0));
        (await Users.CloseAsync("nobody", default)).Value.Should().Be(new UserRegistration(0, 0));
    }

    [Fact]
    public async Task SumWallTime_WhenThereIsNoUser_SaysSo()
    {
        var sum = await Users.SumWallTimeAsync("nobody", default);

        ShouldFail(sum, ErrorCode.UserNotFound);
        sum.Error!.Message.Should().Contain("nobody");
    }

    [Fact]
    public async Task SumWallTime_WhenManyAttemptsWereBilled_IsExactToTheMicrosecond()
    {
        await RegisterAsync();
        await RegisterAsync("bob");
        var jobs = Enumerable.Range(0, 100).Select(at => NewJob(at % 2 == 0 ? User : "bob")).ToArray();
        await AddAsync(jobs);

        await EndAsync([.. jobs.Select((job, at) => Succeed(job, wallUs: (at * 7) + 1))]);

        (await SumUsAsync()).Should().Be(Enumerable.Range(0, 50).Sum(at => (at * 14) + 1));
        (await SumUsAsync("bob")).Should().Be(Enumerable.Range(0, 50).Sum(at => (at * 14) + 8));
    }

    [Fact]
    public async Task ListClosedWithJobs_WhenAClosedGenerationHasUnfinishedJobs_NamesIt()
    {
        var old = await RegisterAsync();
        await AddedAsync();
        await RegisterAsync();
        await AddedAsync();

        (await Users.ListClosedWithJobsAsync(default)).Value.Should().Equal(old);
    }

    [Fact]
    public async Task ListClosedWithJobs_WhenTheirJobsHaveEnded_DoesNotNameIt()
    {
        await RegisterAsync();
        var job = await AddedAsync();
        await Users.CloseAsync(User, default);
        await EndAsync(Cancel(job));

        (await Users.ListClosedWithJobsAsync(default)).Value.Should().BeEmpty();
        (await Users.ListClosedWithJobsAsync(default)).Value.Should().BeEmpty();
    }
}
