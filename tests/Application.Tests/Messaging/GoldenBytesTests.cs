using System.Text;
using FaaS.Application.Db;
using FaaS.Application.Messaging;
using FaaS.Application.Queue;
using FaaS.Domain;
using FaaS.Domain.Jobs;
using FaaS.Domain.Scaling;

namespace FaaS.Application.Tests.Messaging;

/// <summary>
/// Bytes written down by hand, one message for each shape. They are what workers in other languages read and write:
/// if one of these has to change, the row's version has to.
/// </summary>
public sealed class GoldenBytesTests
{
    private static readonly Guid Worker = new("0f8fad5b-d9cb-469f-a165-70867728950e");
    private static readonly JobId Job = new(1, 2);

    [Fact]
    public void EnqueueJobs_HasBytesAndNullsLeftOut() => Request(
        new EnqueueJobs(
        [
            new JobSubmission(Job, "ann", "add", Body.Of("[1]"u8.ToArray()), 1_700_000_000_000),
            new JobSubmission(new JobId(0xFEDCBA98_76543210, 0xABCDEF01), "b@c", "$f", new Body(null, Worker), 1, 2, 3, Job, 5),
        ]),
        """
        {"jobs":[
        {"id":"000000000000000100000002","user":"ann","function":"add","arguments":{"inline":"WzFd"},
        "submittedAtMs":1700000000000,"dueAtMs":0,"expiresAtMs":0},
        {"id":"fedcba9876543210abcdef01","user":"b@c","function":"$f",
        "arguments":{"stored":"0f8fad5b-d9cb-469f-a165-70867728950e"},
        "submittedAtMs":1,"dueAtMs":2,"expiresAtMs":3,"redriveOf":"000000000000000100000002","versionId":5}]}
        """);

    [Fact]
    public void EnqueuedJobs_HasAListWithNulls() => Response<EnqueueJobs, EnqueuedJobs>(
        new EnqueuedJobs([null, new Error(ErrorCode.UserNotFound, "No."), new Error(ErrorCode.QueueFull, "Full.", 9, 1, 2)]),
        """
        {"errors":[null,{"code":"UserNotFound","message":"No."},
        {"code":"QueueFull","message":"Full.","retryAfterSeconds":9,"line":1,"column":2}]}
        """);

    private static LeaseToken Token(long epoch, long number) =>
        new(epoch, number, new UInt128(0x0011223344556677, 0x8899aabbccddee00 + (ulong)number));

    [Fact]
    public void LeaseJobs_HasAListOfValues() => Request(
        new LeaseJobs(Worker, 2, 4, 3, 10_000, [new HeldLease(Job, Token(3, 4), true)]),
        """
        {"worker":"0f8fad5b-d9cb-469f-a165-70867728950e","slots":2,"total":4,"max":3,"waitMs":10000,
        "held":[{"job":"000000000000000100000002","token":{"epoch":3,"number":4,"seal":"00112233445566778899aabbccddee04"},"started":true}]}
        """);

    [Fact]
    public void LeasedJobs_HasNestedRecords() => Response<LeaseJobs, LeasedJobs>(
        new LeasedJobs(
            [
                new LeasedJob(Job, Token(3, 4), 1, Some.Binding(), "[1]"u8.ToArray()),
                new LeasedJob(Job, Token(3, 5), 2, Some.Binding(), null),
            ],
            [Token(1, 2)]),
        """
        {"jobs":[
        {"job":"000000000000000100000002","token":{"epoch":3,"number":4,"seal":"00112233445566778899aabbccddee04"},"attempt":1,
        "binding":{"versionId":5,"functionId":6,"generation":7,"user":"ann","function":"add","version":2,
        "hash":"00112233445566778899aabbccddeeff","limits":{"timeout":60000000,"memoryMiB":128}},"arguments":"WzFd"},
        {"job":"000000000000000100000002","token":{"epoch":3,"number":5,"seal":"00112233445566778899aabbccddee05"},"attempt":2,
        "binding":{"versionId":5,"functionId":6,"generation":7,"user":"ann","function":"add","version":2,
        "hash":"00112233445566778899aabbccddeeff","limits":{"timeout":60000000,"memoryMiB":128}}}],
        "lost":[{"epoch":1,"number":2,"seal":"00112233445566778899aabbccddee02"}]}
        """);

    [Fact]
    public void CompleteJobs_HasEnumsAndMicroseconds() => Request(
        new CompleteJobs(Worker,
        [
            new AttemptReport(Job, Token(3, 4), new AttemptEnd(
                Outcome.UserError, ResultKind.None, Body.Empty, new FunctionError("TypeError", "x is not a function"),
                Body.Of("[]"u8.ToArray()),
                new ResourceUsage(TimeSpan.FromMicroseconds(1500), TimeSpan.FromMicroseconds(7), TimeSpan.Zero))),
        ]),
        """
        {"worker":"0f8fad5b-d9cb-469f-a165-70867728950e","reports":[{"job":"000000000000000100000002",
        "token":{"epoch":3,"number":4,"seal":"00112233445566778899aabbccddee04"},"end":{"outcome":"UserError","kind":"None","value":{"inline":""},
        "error":{"name":"TypeError","message":"x is not a function"},"logs":{"inline":"W10="},
        "usage":{"wall":1500,"cpu":7,"coldStart":0}}}]}
        """);

    [Fact]
    public void JobProgress_WithoutAnEnd_HasNone() =>
        Response<WaitJob, JobProgress>(new JobProgress(true, null), """{"known":true}""");

    [Fact]
    public void WatchJobs_HasNumbers() => Request(
        new WatchJobs(Worker, [new JobToWatch(9, Job)], [7], 20_000),
        """
        {"watcher":"0f8fad5b-d9cb-469f-a165-70867728950e","add":[{"number":9,"id":"000000000000000100000002"}],"drop":[7],
        "waitMs":20000}
        """);

    [Fact]
    public void WatchedJobs_WithoutAnEnd_HaveNone() => Response<WatchJobs, WatchedJobs>(
        new WatchedJobs([new WatchedJob(9, false, null)]), """{"jobs":[{"number":9,"known":false}]}""");

    [Fact]
    public void JobStanding_HasANullableTime() => Response<DescribeJob, JobStanding>(
        new JobStanding(true, JobState.Queued, 3, TimeSpan.FromMilliseconds(2), 0, 1),
        """{"known":true,"state":"Queued","position":3,"estimatedWait":2000,"startedAtMs":0,"attempts":1}""");

    [Fact]
    public void ListJobs_HasAQueryAndANullableState() => Request(
        new ListJobs(new JobQuery("ann", null, JobState.DeadLettered, false, 1, 2, 3, 50)),
        """
        {"query":{"user":"ann","state":"DeadLettered","unfinished":false,"fromMs":1,"toMs":2,"before":3,"max":50}}
        """);

    [Fact]
    public void RunningJobs_HavePlaces() => Response<ListRunning, RunningJobs>(
        new RunningJobs([new RunningJob(Job, 4)], true), """{"jobs":[{"id":"000000000000000100000002","sequence":4}],"more":true}""");

    [Fact]
    public void TakeEpoch_IsAnEmptyObject() => Request(new TakeEpoch(), "{}");

    [Fact]
    public void CommitJobs_HasEveryList() => Request(
        new CommitJobs(new JobCommit(
            9,
            [new NewJob(4, new JobSubmission(Job, "ann", "add", Body.Empty, 1))],
            [new JobEnd(Job, JobState.Succeeded, new AttemptCounts(1, 0, 0), Some.Success(), 5, 6)],
            [new JobRetry(Job, new AttemptCounts(1, 1, 0), null, 7, 5, 6)],
            [Job])),
        """
        {"commit":{"epoch":9,"new":[{"sequence":4,"submission":{"id":"000000000000000100000002","user":"ann",
        "function":"add","arguments":{"inline":""},"submittedAtMs":1,"dueAtMs":0,"expiresAtMs":0}}],
        "ended":[{"id":"000000000000000100000002","state":"Succeeded","counts":{"ended":1,"crashes":0,"losses":0},
        "end":{"outcome":"Success","kind":"Json","value":{"inline":"Mw=="},"logs":{"inline":""},
        "usage":{"wall":2000,"cpu":0,"coldStart":0}},"startedAtMs":5,"endedAtMs":6}],
        "retried":[{"id":"000000000000000100000002","counts":{"ended":1,"crashes":1,"losses":0},"dueAtMs":7,
        "startedAtMs":5,"endedAtMs":6}],"deleted":["000000000000000100000002"]}}
        """);

    [Fact]
    public void FindJob_HasFlags() => Request(
        new FindJob(Job, JobParts.Result | JobParts.Logs),
        """{"id":"000000000000000100000002","parts":"Result, Logs"}""");

    [Fact]
    public void RecordDecisions_HasInstantsInMillisecondsAndFractions() => Request(
        new RecordDecisions(Worker,
        [
            Some.Decision(7) with
            {
                Sample = new ScalingSample(
                    DateTimeOffset.FromUnixTimeMilliseconds(1_699_999_999_995), 1, 0, 3, 12, 2, 1_500, 1, 2, 40, 26, 90, 30),
                Measures = new ScalingMeasures(0.5, 20, 1.25, 2, null, 60),
            },
            new DecisionReport(
                8, DateTimeOffset.UnixEpoch, "doubling", "missing", 0, null, null, "Nothing.", null, null, null, null, null),
        ]),
        """
        {"scaler":"0f8fad5b-d9cb-469f-a165-70867728950e","decisions":[{"number":7,"at":1700000000000,
        "policy":"queue-delay","rule":"backlog","present":1,"desired":2,"target":2,"reason":"12 jobs wait.",
        "sample":{"at":1699999999995,"workers":1,"starting":0,"epoch":3,"queued":12,"inFlight":2,"oldestQueuedMs":1500,
        "readyWorkers":1,"slots":2,"arrived":40,"attempts":26,"busyMs":90,"runningMs":30,"storeAvailable":true},
        "measures":{"arrivalsPerSecond":0.5,"serviceMs":20,"busySlots":1.25,"slotsPerWorker":2,"measuredSeconds":60},
        "fleet":"process","outcome":"done"},
        {"number":8,"at":0,"policy":"doubling","rule":"missing","present":0,"reason":"Nothing."}]}
        """);

    [Fact]
    public void DecisionPage_HasIdsAroundDecisions() => Response<ListDecisions, DecisionPage>(
        new DecisionPage([new RecordedDecision(4, Some.Decision(7) with { Detail = "It took long." })], true),
        """
        {"decisions":[{"id":4,"decision":{"number":7,"at":1700000000000,"policy":"queue-delay","rule":"backlog",
        "present":1,"desired":2,"target":2,"reason":"12 jobs wait.","fleet":"process","outcome":"done",
        "detail":"It took long."}}],"more":true}
        """);

    private static void Request<TRequest>(TRequest request, string golden)
        where TRequest : class
    {
        var row = Rows.All.Single(row => row.RequestType == typeof(TRequest));
        var encode = row.GetType().GetMethod("Encode")!;

        var bytes = (ReadOnlyMemory<byte>)encode.Invoke(row, [request])!;

        Encoding.UTF8.GetString(bytes.Span).Should().Be(OneLine(golden));
    }

    private static void Response<TRequest, TResponse>(TResponse response, string golden)
        where TRequest : class, MediatR.IRequest<Result<TResponse>>
    {
        var row = (ContractRow<TRequest, TResponse>)Rows.All.Single(row => row.RequestType == typeof(TRequest));
        var bytes = Encoding.UTF8.GetBytes(OneLine(golden));

        var encoded = Rows.EncodeResponse(row, response);

        Encoding.UTF8.GetString(encoded.Span).Should().Be(OneLine(golden));
        Alike.Check(row.Decode(bytes).Value, response);
    }

    private static string OneLine(string golden) => golden.ReplaceLineEndings("");
}
