using FaaS.Domain.Jobs;

namespace FaaS.Domain.Tests.Jobs;

/// <summary>
/// Every phase of a job against every event. A cell says what is seen at once, what is left when every commit is
/// answered, and what the event's own answer was; it has to agree with the diagram in <c>Job.cs</c>.
/// </summary>
public sealed class JobLifeTableTests
{
    private const string BeforeItWaits = """
        event              | unknown                | submitting                  | delayed
        enqueue again      | queued > queued, taken | queued > queued, taken      | delayed > delayed, taken
        grant              | gone > gone            | queued > running, granted   | delayed > delayed
        success            | gone > gone, stale     | queued > queued, stale      | delayed > delayed, stale
        crash              | gone > gone, stale     | queued > queued, stale      | delayed > delayed, stale
        success by another | gone > gone, stale     | queued > queued, stale      | delayed > delayed, stale
        renew              | gone > gone, lost      | queued > queued, lost       | delayed > delayed, lost
        abandon            | gone > gone            | queued > queued             | delayed > delayed
        unlisted           | gone > gone            | queued > queued             | delayed > delayed
        lease over         | gone > gone            | queued > queued             | queued > queued
        due                | gone > gone            | queued > queued             | queued > queued
        ttl over           | gone > gone            | queued > queued             | running > expired
        cancel             | gone > gone, nothing   | queued > cancelled, removed | running > cancelled, removed
        owner closed       | gone > gone            | queued > cancelled          | running > cancelled
        refused            | gone > gone            | gone > gone                 | delayed > delayed
        unanswered         | gone > gone            | queued > queued             | delayed > delayed
        restore            | gone > gone            | queued > queued             | delayed > delayed
        """;

    private const string WaitingOrHeld = """
        event              | ready                        | leased                        | cancelling
        enqueue again      | queued > queued, taken       | running > running, taken      | running > running, taken
        grant              | running > running, granted   | running > running             | running > running
        success            | queued > queued, stale       | running > succeeded, accepted | running > cancelled, accepted
        crash              | queued > queued, stale       | running > delayed, accepted   | running > cancelled, accepted
        success by another | queued > queued, stale       | running > running, stale      | running > running, stale
        renew              | queued > queued, lost        | running > running, kept       | running > running, kept
        abandon            | queued > queued              | queued > queued, given        | running > cancelled, given
        unlisted           | queued > queued              | queued > queued               | running > cancelled
        lease over         | queued > queued              | running > queued              | running > cancelled
        due                | queued > queued              | running > running             | running > cancelled
        ttl over           | running > expired            | running > running             | running > cancelled
        cancel             | running > cancelled, removed | running > running, open       | running > running, open
        owner closed       | running > cancelled          | running > running             | running > running
        refused            | queued > queued              | running > running             | running > running
        unanswered         | queued > queued              | running > running             | running > running
        restore            | queued > queued              | running > running             | running > running
        """;

    private const string WhileItEnds = """
        event              | ending                     | retrying                     | ended
        enqueue again      | running > succeeded, taken | running > delayed, taken     | queued > succeeded, taken
        grant              | running > succeeded        | running > delayed            | gone > succeeded
        success            | running > succeeded, stale | running > delayed, stale     | gone > succeeded, stale
        crash              | running > succeeded, stale | running > delayed, stale     | gone > succeeded, stale
        success by another | running > succeeded, stale | running > delayed, stale     | gone > succeeded, stale
        renew              | running > succeeded, kept  | running > delayed, kept      | gone > succeeded, lost
        abandon            | running > succeeded        | running > delayed            | gone > succeeded
        unlisted           | running > succeeded        | running > delayed            | gone > succeeded
        lease over         | running > succeeded        | running > queued             | gone > succeeded
        due                | running > succeeded        | running > queued             | gone > succeeded
        ttl over           | running > succeeded        | running > queued             | gone > succeeded
        cancel             | running > deleted, removed | running > cancelled, removed | gone > deleted, removed
        owner closed       | running > succeeded        | running > cancelled          | gone > succeeded
        refused            | running > succeeded        | running > delayed            | gone > succeeded
        unanswered         | running > succeeded        | running > delayed            | gone > succeeded
        restore            | running > succeeded        | running > delayed            | gone > succeeded
        """;

    private readonly QueueHarness _queue = new();
    private readonly Guid _worker = new(99, 0, 0, new byte[8]);
    private JobSubmission _job = null!;
    private LeasedJob? _lease;
    private JobCommit? _inFlight;

    public static TheoryData<string, string, string> Cells()
    {
        var cells = new TheoryData<string, string, string>();
        foreach (var table in new[] { BeforeItWaits, WaitingOrHeld, WhileItEnds })
        {
            var rows = table.Split('\n', StringSplitOptions.RemoveEmptyEntries);
            var phases = Columns(rows[0]);
            foreach (var row in rows.Skip(1).Select(Columns))
                for (var at = 1; at < phases.Length; at++) cells.Add(phases[at], row[0], row[at]);
        }
        return cells;

        static string[] Columns(string row) => row.Split('|', StringSplitOptions.TrimEntries);
    }

    [Theory]
    [MemberData(nameof(Cells))]
    public void Job_InAPhase_MeetsAnEvent(string phase, string happening, string expected)
    {
        Enter(phase, ttlMs: happening == "ttl over" ? 4_000 : 0);

        var answer = Happen(happening);
        var atOnce = See();
        if (_inFlight is not null) _queue.Finish(_inFlight);
        _queue.Commit();

        $"{atOnce} > {Left()}{answer()}".Should().Be(expected);
    }

    [Fact]
    public void Table_Always_HasEveryPhaseAndEvent()
    {
        Cells().Should().HaveCount(9 * 16);
    }

    private void Enter(string phase, long ttlMs)
    {
        _job = _queue.Submission(delayMs: phase == "delayed" ? 5_000 : 0, ttlMs: ttlMs);
        if (phase == "unknown") return;
        _queue.Enqueue(_job);
        _inFlight = _queue.Take();
        if (phase == "submitting") return;
        Answer();
        if (phase is "delayed" or "ready") return;
        _lease = _queue.Lease(_worker);
        if (phase == "leased") return;
        if (phase == "cancelling")
        {
            _queue.Cancel(_job.Id);
            return;
        }
        _queue.Report(_worker, _lease, phase == "retrying" ? Outcome.PlatformError : Outcome.Success);
        _inFlight = _queue.Take();
        if (phase == "ended") Answer();
    }

    private void Answer()
    {
        _queue.Finish(_inFlight!);
        _inFlight = null;
    }

    private Func<string> Happen(string happening)
    {
        var stranger = _queue.NewWorker();
        var lease = _lease ?? new LeasedJob(_job.Id, new LeaseToken(1, 77, 0), 1, null!, null);
        switch (happening)
        {
            case "enqueue again":
                var enqueued = _queue.Enqueue(_job);
                return () => enqueued.Value.Single() is { } error ? $", {error.Code.Word()}" : ", taken";
            case "grant":
                var asked = _queue.Ask(stranger);
                return () => asked.IsThere && asked.Value.Jobs.Count > 0 ? ", granted" : "";
            case "success":
                return Accepted(_queue.Report(_worker, lease));
            case "crash":
                return Accepted(_queue.Report(_worker, lease, Outcome.Crashed));
            case "success by another":
                return Accepted(_queue.Report(stranger, lease));
            case "renew":
                var renewed = _queue.Renew(_worker, QueueHarness.Held(lease));
                return () => renewed.Value.Count == 0 ? ", kept" : ", lost";
            case "abandon":
                var given = _queue.Abandon(_worker, false, lease);
                return () => given.Value == 1 ? ", given" : "";
            case "unlisted":
                _queue.Ask(_worker, max: 0);
                return () => "";
            case "lease over":
                _queue.Pass(10_000, commits: false);
                return () => "";
            case "due":
                _queue.Pass(5_000, commits: false);
                return () => "";
            case "ttl over":
                _queue.Pass(4_500, commits: false);
                return () => "";
            case "cancel":
                var cancelled = _queue.Cancel(_job.Id);
                return () => cancelled.IsThere ? cancelled.Value ? ", removed" : ", nothing" : ", open";
            case "owner closed":
                _queue.Queue.CloseOwner(_queue.Register(QueueHarness.User));
                _queue.Pass(500, commits: false);
                return () => "";
            case "refused":
                return Fail(ErrorCode.NotDurable);
            case "unanswered":
                return Fail(ErrorCode.OutcomeUnknown);
            case "restore":
                foreach (var job in _queue.Store.LoadUnfinished(0, 10)) _queue.Restore(job);
                return () => "";
            default:
                throw new InvalidOperationException($"No such event: {happening}");
        }
    }

    private static Func<string> Accepted(Answer<IReadOnlyList<LeaseToken>> answer) =>
        () => !answer.IsThere ? ", open" : answer.Value.Count == 0 ? ", accepted" : ", stale";

    private Func<string> Fail(ErrorCode code)
    {
        if (_inFlight is null && !_queue.Queue.TryTakeCommit(out _inFlight)) return () => "";
        _inFlight = null;
        _queue.Finish(code);
        return () => "";
    }

    private string See() =>
        _queue.Queue.Describe(_job.Id) is { Known: true } standing ? standing.State.Word() : "gone";

    private string Left() => _queue.Store.Find(_job.Id) switch
    {
        { Hidden: true } => "deleted",
        { End: { } end } => end.Word(),
        _ => See(),
    };
}
