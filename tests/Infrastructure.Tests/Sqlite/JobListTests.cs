using FaaS.Application.Db;
using FaaS.Domain.Jobs;
using FaaS.Infrastructure.Sqlite;
using FaaS.Infrastructure.Sqlite.Native;
using FaaS.Tests.Shared.Stores;

namespace FaaS.Infrastructure.Tests.Sqlite;

public sealed class JobListTests : ListContract
{
    public static TheoryData<string> Lists_ =>
        [SqliteJobLists.All, SqliteJobLists.OfFunction, SqliteJobLists.Unfinished, SqliteJobLists.Unsuccessful, SqliteJobLists.ById,
        SqliteJobLists.LogsOfAll, SqliteJobLists.LogsOfFunction, SqliteJobLists.LogsById];

    private SqliteStores Files => (SqliteStores)Stores;

    protected override Task<OpenStores> OpenAsync() => Task.FromResult<OpenStores>(new SqliteStores());

    [Theory]
    [MemberData(nameof(Lists_))]
    public void List_IsReadFromAnIndex_InItsOrder(string sql)
    {
        using var database = Database.Open(Files.File, readOnly: true);
        using var plan = database.Prepare("EXPLAIN QUERY PLAN " + sql);

        var steps = new List<string>();
        while (plan.Step()) steps.Add(plan.Text(3));

        steps[0].Should().StartWith("SEARCH j USING");
        steps.Should().OnlyContain(step => step.StartsWith("SEARCH") || step.StartsWith("CORRELATED SCALAR SUBQUERY"));
    }

    /// <summary>What few of many jobs fit is found by pages that cost no more than others, and no page is without end.</summary>
    [Fact]
    public async Task List_ThatFewJobsFit_LooksAtABoundedNumberForAPage()
    {
        var wanted = await AddedAsync();
        await EndAsync(Succeed(wanted));
        for (var batch = 0; batch < 41; batch++) await AddedJobsAsync(256);
        var query = new JobQuery(User, null, JobState.Succeeded, false, 0, 0, 0, 10);

        var first = await ListAsync(query);
        var second = await ListAsync(query with { Before = first.Next });

        first.Jobs.Should().BeEmpty();
        first.Next.Should().Be((41 * 256) + 2 - JobLists.LookMax);
        second.Jobs.Select(job => job.Id).Should().Equal(wanted.Submission.Id);
        second.Next.Should().Be(0);
    }

    /// <summary>A release that does not know the column of functions leaves it empty.</summary>
    [Fact]
    public async Task Open_WhenAnOlderReleaseHasAddedJobs_FindsThemByFunction()
    {
        var job = await AddedAsync();
        var query = new JobQuery(User, Function, null, false, 0, 0, 0, 10);
        using var database = Database.Open(Files.File, readOnly: false);
        database.Execute("UPDATE jobs SET function_id = NULL");
        (await ListAsync(query)).Jobs.Should().BeEmpty();

        Schema.Complete(database);

        (await ListAsync(query)).Jobs.Select(found => found.Id).Should().Equal(job.Submission.Id);
    }

    [Fact]
    public void Open_WhenTheFileIsOfAReleaseWithoutLists_AddsThem()
    {
        using var database = Database.Create(Path.Combine(Path.GetDirectoryName(Files.File)!, "old.db"));
        Schema.Create(database);

        Schema.Complete(database);
        Schema.Complete(database);

        database.ReadNumber("SELECT count(*) FROM pragma_table_info('jobs') WHERE name = 'function_id'").Should().Be(1);
        database.ReadNumber("SELECT count(*) FROM sqlite_schema WHERE name IN ('jobs_of_owner', 'jobs_of_function', 'jobs_waiting', 'jobs_unsuccessful')")
            .Should().Be(4);
    }
}
