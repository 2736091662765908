using FaaS.Application.Db;
using FaaS.Application.Messaging;
using FaaS.Application.Queue;
using FaaS.Domain;
using FaaS.Domain.Access;
using FaaS.Domain.Functions;
using FaaS.Domain.Jobs;
using FaaS.Domain.Scaling;
using FluentValidation;

namespace FaaS.Application.Tests.Messaging;

/// <summary>Every rule of every validator, broken once.</summary>
public sealed class ValidationTests
{
    private static readonly Guid Worker = Guid.NewGuid();
    private static readonly byte[] OverInline = new byte[Body.InlineLimit + 1];

    private static readonly NewKey Key = new("0123456789ab", new byte[32], "a key", Scopes.Admin, null, 0);

    private static readonly AuditQuery Query = new(null, null, 0, 0, 0, 1);

    private static readonly ScheduleDefinition Schedule = new("* * * * *", "UTC", MissedRuns.Latest, []);

    private static readonly LogChunk Chunk = new(default, default, 0, [1]);

    private static readonly LogQuery Logs = new("ann", null, null, null, 0, 0, null, 0, 0, 1);

    private static readonly JobQuery Jobs = new("ann", null, null, false, 0, 0, 0, 1);

    private static readonly AccessRefusal Refusal = new(new Origin(Guid.NewGuid(), "key"), 1, "GET /audit", "", "forbidden", 0);

    private static readonly (object Request, ErrorCode Code, string Says)[] Broken =
    [
        (new RegisterUser("-a"), ErrorCode.InvalidName, Names.UserPattern),
        (new RegisterUser("ann", Key with { Scopes = Scopes.None }), ErrorCode.BadRequest, "at least one scope"),
        (new AddKey("-a", Key), ErrorCode.InvalidName, Names.UserPattern),
        (new AddKey("ann", Key with { Id = "0123" }), ErrorCode.BadRequest, "id of the key"),
        (new AddKey("ann", Key with { Hash = [1] }), ErrorCode.BadRequest, "32 bytes"),
        (new AddKey("ann", Key with { Name = "" }), ErrorCode.BadRequest, "1 to 100 characters"),
        (new AddKey("ann", Key with { Name = new string('n', 101) }), ErrorCode.BadRequest, "1 to 100 characters"),
        (new AddKey("ann", Key with { Scopes = (Scopes)1024 }), ErrorCode.BadRequest, "functions:read"),
        (new AddKey("ann", Key with { Function = "f g" }), ErrorCode.InvalidName, Names.FunctionPattern),
        (new AddKey("ann", Key with { ExpiresAtMs = -1 }), ErrorCode.BadRequest, "after 1970"),
        (new FindKey("0123456789ai"), ErrorCode.InvalidName, "12 digits"),
        (new ListKeys("a b"), ErrorCode.InvalidName, Names.UserPattern),
        (new RevokeKey("a b", Key.Id), ErrorCode.InvalidName, Names.UserPattern),
        (new RevokeKey("ann", "x"), ErrorCode.InvalidName, "12 digits"),
        (new NoteKeyUses([]), ErrorCode.BadRequest, "1 to 1000"),
        (new NoteKeyUses([new KeyUse("x", 1)]), ErrorCode.InvalidName, "12 digits"),
        (new DeleteUser(""), ErrorCode.InvalidName, Names.UserPattern),
        (new GetExecutionTime("a b"), ErrorCode.InvalidName, Names.UserPattern),
        (new RegisterFunction("a/b", "f", [1]), ErrorCode.InvalidName, Names.UserPattern),
        (new RegisterFunction("ann", ".f", [1]), ErrorCode.InvalidName, Names.FunctionPattern),
        (new RegisterFunction("ann", "f", []), ErrorCode.InvalidSource, "empty"),
        (new DeleteFunction("", "f"), ErrorCode.InvalidName, Names.UserPattern),
        (new DeleteFunction("ann", "f g"), ErrorCode.InvalidName, Names.FunctionPattern),
        (new GetFunction("ü", "f"), ErrorCode.InvalidName, Names.UserPattern),
        (new GetFunction("ann", new string('f', 129)), ErrorCode.InvalidName, Names.FunctionPattern),
        (new FindVersion("ü", "f"), ErrorCode.InvalidName, Names.UserPattern),
        (new FindVersion("ann", new string('f', 129)), ErrorCode.InvalidName, Names.FunctionPattern),
        (new GetConfig("a b", "f"), ErrorCode.InvalidName, Names.UserPattern),
        (new GetConfig("ann", "f g"), ErrorCode.InvalidName, Names.FunctionPattern),
        (new PutConfig("a b", "f", FunctionSettings.None, []), ErrorCode.InvalidName, Names.UserPattern),
        (new PutConfig("ann", "f g", FunctionSettings.None, []), ErrorCode.InvalidName, Names.FunctionPattern),
        (new PutConfig("ann", "f", FunctionSettings.None, [], new Origin(Guid.Empty, "admin")), ErrorCode.BadRequest, "id of the action"),
        (new PutConfig("ann", "f", FunctionSettings.None, [new SecretChange("1", null)]), ErrorCode.BadRequest, "must match"),
        (new PutSchedule("a b", "f", Schedule), ErrorCode.InvalidName, Names.UserPattern),
        (new PutSchedule("ann", "f g", Schedule), ErrorCode.InvalidName, Names.FunctionPattern),
        (new PutSchedule("ann", "f", Schedule, new Origin(Guid.Empty, "admin")), ErrorCode.BadRequest, "id of the action"),
        (new PutSchedule("ann", "f", Schedule with { Cron = "" }), ErrorCode.BadRequest, "1 to 256"),
        (new PutSchedule("ann", "f", Schedule with { Cron = new string('*', 257) }), ErrorCode.BadRequest, "1 to 256"),
        (new PutSchedule("ann", "f", Schedule with { Zone = new string('z', 65) }), ErrorCode.BadRequest, "1 to 64"),
        (new PutSchedule("ann", "f", Schedule with { Missed = (MissedRuns)9 }), ErrorCode.BadRequest, "Latest, Skip or All"),
        (new PutSchedule("ann", "f", Schedule with { Arguments = new byte[16_385] }), ErrorCode.TooLarge, "16384"),
        (new PutSchedule("ann", "f", null!), ErrorCode.BadRequest, "missing"),
        (new GetSchedule("a b", "f"), ErrorCode.InvalidName, Names.UserPattern),
        (new GetSchedule("ann", "f g"), ErrorCode.InvalidName, Names.FunctionPattern),
        (new DeleteSchedule("a b", "f"), ErrorCode.InvalidName, Names.UserPattern),
        (new DeleteSchedule("ann", "f g"), ErrorCode.InvalidName, Names.FunctionPattern),
        (new ListSchedules("a b", "", 1), ErrorCode.InvalidName, Names.UserPattern),
        (new ListSchedules("ann", "f g", 1), ErrorCode.BadRequest, Names.FunctionPattern),
        (new ListSchedules("ann", "", 101), ErrorCode.BadRequest, "1 to 100"),
        (new ListUsage(new UsageQuery("a b", 0, 1, true, true)), ErrorCode.InvalidName, Names.UserPattern),
        (new ListUsage(new UsageQuery("ann", 2, 1, true, true)), ErrorCode.BadRequest, "not after the last"),
        (new ListUsage(new UsageQuery("ann", -1, 1, true, true)), ErrorCode.BadRequest, "after 1970"),
        (new ListUsage(new UsageQuery("ann", 0, long.MaxValue, true, true)), ErrorCode.BadRequest, "year 10000"),
        (new ListUsage(new UsageQuery("ann", 0, 1, true, true, new UsageKey(0, "a b"))), ErrorCode.BadRequest, Names.FunctionPattern),
        (new ListUsage(null!), ErrorCode.BadRequest, "missing"),
        (new ListVersions("a b", "f", 0, 1), ErrorCode.InvalidName, Names.UserPattern),
        (new ListVersions("ann", "f g", 0, 1), ErrorCode.InvalidName, Names.FunctionPattern),
        (new ListVersions("ann", "f", -1, 1), ErrorCode.BadRequest, "1 or more"),
        (new ListVersions("ann", "f", 0, 201), ErrorCode.BadRequest, "1 to 200"),
        (new GetVersion("a b", "f", 1), ErrorCode.InvalidName, Names.UserPattern),
        (new GetVersion("ann", "f g", 1), ErrorCode.InvalidName, Names.FunctionPattern),
        (new GetVersion("ann", "f", 0), ErrorCode.BadRequest, "1 or more"),
        (new RollbackFunction("a b", "f", 1), ErrorCode.InvalidName, Names.UserPattern),
        (new RollbackFunction("ann", "f g", 1), ErrorCode.InvalidName, Names.FunctionPattern),
        (new RollbackFunction("ann", "f", 0), ErrorCode.BadRequest, "1 or more"),
        (new RollbackFunction("ann", "f", 1, new Origin(Guid.Empty, "admin")), ErrorCode.BadRequest, "id of the action"),
        (new ListDueRuns(-1), ErrorCode.BadRequest, "0 ms or more"),
        (new ListDueRuns(0, -1), ErrorCode.BadRequest, "0 or more"),
        (new NoteRuns([]), ErrorCode.BadRequest, "1 to 64"),
        (new NoteRuns([null!]), ErrorCode.BadRequest, "missing"),
        (new NoteRuns([new NotedRun(1, 1, 5, 5, null)]), ErrorCode.BadRequest, "after the one before"),
        (new NoteRuns([new NotedRun(1, 1, 5, 6, new ScheduledRun(5, null, new string('x', 1_001)))]), ErrorCode.TooLarge, "1000"),
        (new ListFunctions(new string('a', 129)), ErrorCode.InvalidName, Names.UserPattern),
        (new ListFunctions("ann", "a/b"), ErrorCode.InvalidName, Names.FunctionPattern),
        (new CommitJobs(new JobCommit(1, [], [], [], [])), ErrorCode.BadRequest, "1 to 4096"),
        (new CommitJobs(new JobCommit(1, [], [], [], new JobId[4097])), ErrorCode.BadRequest, "1 to 4096"),
        (new ListJobs(Jobs with { User = "a b" }), ErrorCode.InvalidName, Names.UserPattern),
        (new ListJobs(Jobs with { Function = "f g" }), ErrorCode.InvalidName, Names.FunctionPattern),
        (new ListJobs(Jobs with { Max = 0 }), ErrorCode.BadRequest, "1 to 200"),
        (new ListJobs(Jobs with { Max = 201 }), ErrorCode.BadRequest, "1 to 200"),
        (new ListJobs(Jobs with { Ids = [] }), ErrorCode.BadRequest, "1 to 200"),
        (new ListJobs(Jobs with { State = JobState.Running }), ErrorCode.BadRequest, "no worker runs"),
        (new ListJobs(Jobs with { FromMs = 2, ToMs = 1 }), ErrorCode.BadRequest, "first before the last"),
        (new ListJobs(Jobs with { Before = -1 }), ErrorCode.BadRequest, "a place is 1 or more"),
        (new SearchLogs(Logs with { User = "a b" }), ErrorCode.InvalidName, Names.UserPattern),
        (new SearchLogs(Logs with { Function = "f g" }), ErrorCode.InvalidName, Names.FunctionPattern),
        (new SearchLogs(Logs with { Level = "loud" }), ErrorCode.BadRequest, "debug, log, info, warn, error"),
        (new SearchLogs(Logs with { Text = "" }), ErrorCode.BadRequest, "1 to 200"),
        (new SearchLogs(Logs with { Text = new string('x', 201) }), ErrorCode.BadRequest, "1 to 200"),
        (new SearchLogs(Logs with { Max = 1_001 }), ErrorCode.BadRequest, "1 to 1000"),
        (new SearchLogs(Logs with { Skip = 65_536 }), ErrorCode.BadRequest, "a place is 1 or more"),
        (new FindArguments([]), ErrorCode.BadRequest, "1 to 200"),
        (new FindArguments(new JobId[201]), ErrorCode.BadRequest, "1 to 200"),
        (new LoadUnfinished(0, 0), ErrorCode.BadRequest, "1 to 10000"),
        (new LoadUnfinished(0, 10_001), ErrorCode.BadRequest, "1 to 10000"),
        (new StorePayload(Guid.NewGuid(), []), ErrorCode.TooLarge, "bytes"),
        (new StorePayload(Guid.NewGuid(), new byte[StorePayloadValidator.MaxBytes + 1]), ErrorCode.TooLarge, "bytes"),
        (new EnqueueJobs([]), ErrorCode.BadRequest, "1 to 256"),
        (new EnqueueJobs([.. Enumerable.Range(0, 257).Select(_ => Some.Submission())]), ErrorCode.BadRequest, "1 to 256"),
        (new EnqueueJobs([null!]), ErrorCode.BadRequest, "missing"),
        (Some.Enqueue(Some.Submission(user: "?")), ErrorCode.InvalidName, Names.UserPattern),
        (Some.Enqueue(Some.Submission(function: "?")), ErrorCode.InvalidName, Names.FunctionPattern),
        (Some.Enqueue(Some.Submission(arguments: Body.Of(OverInline))), ErrorCode.TooLarge, "by reference"),
        (Some.Enqueue(Some.Submission(arguments: default(Body))), ErrorCode.BadRequest, "arguments"),
        (Some.Enqueue(Some.Submission(dueAtMs: 1_700_000_000_000 + (31L * 86_400_000))), ErrorCode.BadRequest, "30 days"),
        (new AppendLogs(Guid.Empty, [Chunk]), ErrorCode.BadRequest, "worker"),
        (new AppendLogs(Worker, []), ErrorCode.BadRequest, "1 to 256"),
        (new AppendLogs(Worker, [null!]), ErrorCode.BadRequest, "A chunk is missing"),
        (new AppendLogs(Worker, [Chunk with { From = -1 }]), ErrorCode.BadRequest, "before the beginning"),
        (new AppendLogs(Worker, [Chunk with { Bytes = new byte[(256 << 10) + 1] }]), ErrorCode.TooLarge, "262144 bytes"),
        (new FollowLogs(default, 0, 0, 60_001), ErrorCode.BadRequest, "0 to 60000"),
        (new FollowLogs(default, -1, 0, 0), ErrorCode.BadRequest, "1 or more"),
        (new CancelJobs([], true), ErrorCode.BadRequest, "1 to 256"),
        (new CancelJobs(new JobId[257], true), ErrorCode.BadRequest, "1 to 256"),
        (new DescribeJobs([]), ErrorCode.BadRequest, "1 to 256"),
        (new DescribeJobs(new JobId[257]), ErrorCode.BadRequest, "1 to 256"),
        (new ListRunning("a b", null, 0, 1), ErrorCode.InvalidName, Names.UserPattern),
        (new ListRunning("ann", "f g", 0, 1), ErrorCode.InvalidName, Names.FunctionPattern),
        (new ListRunning("ann", null, -1, 1), ErrorCode.BadRequest, "a place is 1 or more"),
        (new ListRunning("ann", null, 0, 257), ErrorCode.BadRequest, "1 to 256"),
        (new DescribeUser("a b"), ErrorCode.InvalidName, Names.UserPattern),
        (new AdoptPolicy(1, 1, new FunctionPolicy(0, FunctionLimits.Default)), ErrorCode.BadRequest, "greater than"),
        (new AdoptPolicy(1, 1, new FunctionPolicy(1, FunctionLimits.Default, -1)), ErrorCode.BadRequest, "greater than"),
        (new LeaseJobs(Guid.Empty, 1, 1, 1, 0, []), ErrorCode.BadRequest, "worker"),
        (new LeaseJobs(Worker, 0, 1, 1, 0, []), ErrorCode.BadRequest, "1 to 1024"),
        (new LeaseJobs(Worker, 1, 4097, 1, 0, []), ErrorCode.BadRequest, "1 to 4096"),
        (new LeaseJobs(Worker, 1, 1, 257, 0, []), ErrorCode.BadRequest, "1 to 256"),
        (new LeaseJobs(Worker, 1, 1, 1, 60_001, []), ErrorCode.BadRequest, "0 to 60000"),
        (new LeaseJobs(Worker, 1, 1, 1, 0, new HeldLease[8193]), ErrorCode.BadRequest, "8192"),
        (new CompleteJobs(Worker, []), ErrorCode.BadRequest, "1 to 256"),
        (new CompleteJobs(Worker, [null!]), ErrorCode.BadRequest, "missing"),
        (Complete(AttemptEnd.Of(Outcome.UserError, new FunctionError("Error", new string('x', 32_769)))),
            ErrorCode.TooLarge, "32768 characters"),
        (Complete(Some.Success() with { Value = Body.Of(new byte[2 * Body.InlineLimit]), Logs = Body.Of([1]) }),
            ErrorCode.TooLarge, "by reference"),
        (Complete(Some.Success() with { Outcome = (Outcome)99 }), ErrorCode.BadRequest, "outcome"),
        (Complete(Some.Success() with { Kind = (ResultKind)99 }), ErrorCode.BadRequest, "kind"),
        (new RecordDecisions(Guid.Empty, [Some.Decision()]), ErrorCode.BadRequest, "scaler's identity"),
        (new RecordDecisions(Worker, []), ErrorCode.BadRequest, "1 to 100"),
        (new RecordDecisions(Worker, new DecisionReport[101]), ErrorCode.BadRequest, "1 to 100"),
        (new RecordDecisions(Worker, [null!]), ErrorCode.BadRequest, "missing"),
        (Record(Some.Decision() with { Rule = Over(64) }), ErrorCode.TooLarge, "64 characters"),
        (Record(Some.Decision() with { Policy = Over(64) }), ErrorCode.TooLarge, "64 characters"),
        (Record(Some.Decision() with { Fleet = Over(64) }), ErrorCode.TooLarge, "64 characters"),
        (Record(Some.Decision() with { Outcome = Over(64) }), ErrorCode.TooLarge, "64 characters"),
        (Record(Some.Decision() with { Reason = Over(1_000) }), ErrorCode.TooLarge, "1000 characters"),
        (Record(Some.Decision() with { Detail = Over(1_000) }), ErrorCode.TooLarge, "1000 characters"),
        (Record(Some.Decision() with { Measures = new ScalingMeasures(1, 2, 3, 4, double.NaN, 5) }),
            ErrorCode.BadRequest, "finite"),
        (new StoreDecisions(Guid.Empty, [Some.Decision()]), ErrorCode.BadRequest, "scaler's identity"),
        (new StoreDecisions(Worker, []), ErrorCode.BadRequest, "1 to 100"),
        (new StoreDecisions(Worker, [null!]), ErrorCode.BadRequest, "missing"),
        (new ListDecisions(0), ErrorCode.BadRequest, "1 to 1000"),
        (new ListDecisions(1_001), ErrorCode.BadRequest, "1 to 1000"),
        (new ListDecisions(1, -1), ErrorCode.BadRequest, "1 or more"),
        (new SetQuotas("ann", [new QuotaChange("weight", 1)], new Origin(Guid.Empty, "admin")), ErrorCode.BadRequest, "id of the action"),
        (new RegisterUser("ann", null, new Origin(Guid.NewGuid(), "key", "no id")), ErrorCode.BadRequest, "id of the key"),
        (new DeleteUser("ann", new Origin(Guid.NewGuid(), "key", null, "a b")), ErrorCode.InvalidName, Names.UserPattern),
        (new AddKey("ann", Key, new Origin(Guid.NewGuid(), new string('a', 17))), ErrorCode.TooLarge, "16 characters"),
        (new RevokeKey("ann", Key.Id, new Origin(Guid.NewGuid(), "key", Address: new string('a', 65))), ErrorCode.TooLarge, "an address 64"),
        (new DeleteFunction("ann", "f", new Origin(Guid.NewGuid(), "key", Request: new string('a', 129))), ErrorCode.TooLarge, "id 128"),
        (new ListAudit(Query with { Max = 0 }), ErrorCode.BadRequest, "1 to 1000"),
        (new ListAudit(Query with { User = "a b" }), ErrorCode.InvalidName, Names.UserPattern),
        (new ListAudit(Query with { Action = "sing" }), ErrorCode.BadRequest, "The actions are user.register, user.delete"),
        (new ListAudit(Query with { FromMs = 2, ToMs = 1 }), ErrorCode.BadRequest, "first before the last"),
        (new RecordRefusals([]), ErrorCode.BadRequest, "1 to 100"),
        (new RecordRefusals([null!]), ErrorCode.BadRequest, "A refusal is missing"),
        (new RecordRefusals([Refusal with { User = "a b" }]), ErrorCode.InvalidName, Names.UserPattern),
        (new RecordRefusals([Refusal with { By = new Origin(Guid.Empty, "key") }]), ErrorCode.BadRequest, "id of the action"),
        (new RecordRefusals([Refusal with { Route = new string('r', 129) }]), ErrorCode.TooLarge, "128 characters"),
        (new SetQuotas("a b", [new QuotaChange("weight", 1)]), ErrorCode.InvalidName, Names.UserPattern),
        (new SetQuotas("ann", []), ErrorCode.BadRequest, "Set 1 to 9 quotas"),
        (new SetQuotas("ann", [new QuotaChange("weight", 1), new QuotaChange("weight", 2)]), ErrorCode.BadRequest, "set twice"),
        (new SetQuotas("ann", [new QuotaChange("colour", 1)]), ErrorCode.BadRequest, "There is no quota 'colour'; the quotas are weight, functions"),
        (new SetQuotas("ann", [new QuotaChange("weight", 0)]), ErrorCode.BadRequest, "weight must be a whole number from 1 to 100, or null"),
        (new SetQuotas("ann", [new QuotaChange("weight", null), new QuotaChange("storedBytes", -1)]), ErrorCode.BadRequest, "storedBytes must be"),
        (new CheckAdmission("a b", 1), ErrorCode.InvalidName, Names.UserPattern),
        (new CheckAdmission("ann", -1), ErrorCode.BadRequest, "0 bytes or more"),
        (new GetQuotas("a b"), ErrorCode.InvalidName, Names.UserPattern),
        (new ListTerms("a b", 1), ErrorCode.InvalidName, Names.UserPattern),
        (new ListTerms("", 0), ErrorCode.BadRequest, "1 to 500"),
        (new ListTerms("", 501), ErrorCode.BadRequest, "1 to 500"),
        (new WaitJob(default, -1), ErrorCode.BadRequest, "0 to 60000"),
        (new WatchLeases(Worker, 60_001), ErrorCode.BadRequest, "0 to 60000"),
        (new WatchJobs(Guid.Empty, [], [], 0), ErrorCode.BadRequest, "watcher"),
        (new WatchJobs(Worker, new JobToWatch[1_025], [], 0), ErrorCode.BadRequest, "1024"),
        (new WatchJobs(Worker, [null!], [], 0), ErrorCode.BadRequest, "missing"),
        (new WatchJobs(Worker, [], new long[1_025], 0), ErrorCode.BadRequest, "1024"),
        (new WatchJobs(Worker, [], [], 60_001), ErrorCode.BadRequest, "0 to 60000"),
    ];

    public static TheoryData<int> Cases => [.. Enumerable.Range(0, Broken.Length)];

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task Send_WhenARuleIsBroken_IsRefusedInASentence(int at)
    {
        var (request, code, says) = Broken[at];
        await using var parts = Parts.Build();
        parts.Store.Throws = new InvalidOperationException("The store was reached.");

        var error = await ErrorOf(parts, request);

        error!.Code.Should().Be(code);
        error.Message.Should().ContainEquivalentOf(says).And.EndWith(".");
    }

    [Fact]
    public void Cases_CoverEveryValidator()
    {
        var validated = typeof(RequestContract).Assembly.GetTypes()
            .Where(type => type.BaseType is { IsGenericType: true } parent
                && parent.GetGenericTypeDefinition() == typeof(AbstractValidator<>))
            .Select(type => type.BaseType!.GetGenericArguments()[0]);

        validated.Should().NotBeEmpty().And.BeSubsetOf(Broken.Select(row => row.Request.GetType()));
    }

    private static CompleteJobs Complete(AttemptEnd end) => new(Worker, [new AttemptReport(default, default, end)]);

    private static RecordDecisions Record(DecisionReport decision) => new(Worker, [decision]);

    private static string Over(int chars) => new('x', chars + 1);

    private static async Task<Error?> ErrorOf(Parts parts, object request)
    {
        var task = (Task)parts.Mediator.GetType().GetMethod("Send")!
            .MakeGenericMethod(request.GetType().GetInterfaces().Single(type => type.IsGenericType
                && type.GetGenericTypeDefinition() == typeof(MediatR.IRequest<>)).GetGenericArguments())
            .Invoke(parts.Mediator, [request, CancellationToken.None])!;
        await task;
        var result = task.GetType().GetProperty("Result")!.GetValue(task)!;
        return (Error?)result.GetType().GetProperty(nameof(Result<int>.Error))!.GetValue(result);
    }
}
