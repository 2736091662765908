using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using FaaS.Application.Db;
using FaaS.Application.Messaging;
using FaaS.Application.Queue;
using FaaS.Domain;
using FaaS.Domain.Functions;
using FaaS.Domain.Jobs;
using FaaS.Domain.Scaling;
using MediatR;

namespace FaaS.Application.Tests.Messaging;

public sealed partial class ContractTests
{
    /// <summary>Name, deadline in s, who sends it again, who may call. A change here is a change of manners.</summary>
    private const string Golden =
        """
        db.add-key/1 10 again Frontend
        db.commit-jobs/1 10 by-caller Queue
        db.delete-function/1 10 again Frontend
        db.delete-schedule/1 10 again Frontend
        db.delete-user/1 10 again Frontend
        db.find-arguments/1 5 again Frontend
        db.find-job/1 5 again Frontend
        db.find-key/1 5 again Frontend
        db.find-version/1 5 again Frontend
        db.get-config/1 5 again Frontend
        db.get-execution-time/1 5 again Frontend
        db.get-function/1 5 again Frontend
        db.get-quotas/1 5 again Frontend
        db.get-schedule/1 5 again Frontend
        db.get-version/1 5 again Frontend
        db.list-audit/1 5 again Frontend
        db.list-closed-owners/1 30 by-caller Queue
        db.list-decisions/1 5 again Frontend
        db.list-due-runs/1 30 by-caller Queue
        db.list-functions/1 5 again Frontend
        db.list-jobs/1 5 again Frontend
        db.list-keys/1 5 again Frontend
        db.list-schedules/1 5 again Frontend
        db.list-terms/1 30 by-caller Queue
        db.list-usage/1 5 again Frontend
        db.list-versions/1 5 again Frontend
        db.load-unfinished/1 30 by-caller Queue
        db.note-key-uses/1 10 by-caller Frontend
        db.note-runs/1 10 by-caller Queue
        db.put-config/1 10 again Frontend
        db.put-schedule/1 10 again Frontend
        db.read-arguments/1 5 again Worker
        db.read-environment/1 5 again Worker
        db.read-source/1 5 again Worker
        db.record-refusals/1 10 by-caller Frontend
        db.register-function/1 10 again Frontend
        db.register-user/2 10 once Frontend
        db.revoke-key/1 10 again Frontend
        db.rollback-function/1 10 again Frontend
        db.search-logs/1 5 again Frontend
        db.set-quotas/1 10 again Frontend
        db.store-decisions/1 10 by-caller Queue
        db.store-payload/1 10 again Frontend, Worker
        db.take-epoch/1 10 by-caller Queue
        queue.abandon-jobs/1 5 by-caller Worker
        queue.adopt-policy/1 5 again Frontend
        queue.adopt-terms/1 5 again Frontend
        queue.append-logs/1 5 by-caller Worker
        queue.cancel-job/1 15 again Frontend
        queue.cancel-jobs/1 15 again Frontend
        queue.check-admission/1 5 again Frontend
        queue.close-owner/1 5 again Frontend
        queue.complete-jobs/1 15 by-caller Worker
        queue.describe-job/1 5 again Frontend
        queue.describe-jobs/1 5 again Frontend
        queue.describe-user/1 5 again Frontend
        queue.enqueue-jobs/1 15 again Frontend
        queue.follow-logs/1 5 again Frontend
        queue.get-backlog/1 5 again Frontend, Worker, Scaler
        queue.lease-jobs/1 5 by-caller Worker
        queue.list-running/1 5 again Frontend
        queue.record-decisions/1 15 by-caller Scaler
        queue.renew-leases/1 5 by-caller Worker
        queue.wait-job/1 5 again Frontend
        queue.watch-jobs/1 5 by-caller Frontend
        queue.watch-leases/1 5 by-caller Worker
        """;

    private static readonly MethodInfo RoundTripOf =
        typeof(ContractTests).GetMethod(nameof(RoundTrip), BindingFlags.NonPublic | BindingFlags.Static)!;

    public static TheoryData<string> Names => [.. Rows.All.Select(row => row.Name)];

    [Fact]
    public void Rows_AreThoseOfTheGoldenTable()
    {
        var table = Rows.All.OrderBy(row => row.Name, StringComparer.Ordinal).Select(row =>
            $"{row.Name} {row.Deadline.TotalSeconds} {Word(row.Repeats)} {row.Callers}");

        table.Should().Equal(Golden.ReplaceLineEndings("\n").Split('\n'));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Row_IsNamedAfterItsRequest(string name)
    {
        var row = Find(name);
        var verb = WordStart().Replace(row.RequestType.Name, "-$1").ToLowerInvariant();

        name.Should().MatchRegex("^[a-z]+\\.[a-z]+(-[a-z]+)+/[1-9][0-9]*$");
        name.Should().StartWith($"{row.RequestType.Namespace!.Split('.')[^1].ToLowerInvariant()}.{verb}/");
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Row_HasAnImmutableSealedRecordAsRequest(string name)
    {
        var type = Find(name).RequestType;

        type.IsSealed.Should().BeTrue();
        type.GetMethod("<Clone>$").Should().NotBeNull("a request is a record");
        type.GetProperties().Where(property => property.SetMethod is { } set
                && !set.ReturnParameter.GetRequiredCustomModifiers().Contains(typeof(IsExternalInit)))
            .Should().BeEmpty("a request does not change");
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Row_WhenItCrosses_NothingIsLost(string name)
    {
        var row = Find(name);
        var roundTrip = RoundTripOf.MakeGenericMethod(row.RequestType, row.ResponseType);

        for (var seed = 0; seed < 100; seed++) roundTrip.Invoke(null, [row, seed]);
    }

    [Fact]
    public void StorePayload_WhenItIsTheLargest_FitsAMessage()
    {
        var row = (ContractRow<StorePayload, StoredPayload>)Find("db.store-payload/1");

        row.Encode(new StorePayload(Guid.NewGuid(), new byte[StorePayloadValidator.MaxBytes])).Length
            .Should().BeLessThan(2 << 20);
    }

    /// <summary>A commit that fits no message would be repeated forever, and nothing after it would be stored.</summary>
    [Theory]
    [InlineData('\u0001')]
    [InlineData('ж')]
    [InlineData('a')]
    public void CommitJobs_OfEndsWithTheWorstTexts_FitsAMessage(char letter)
    {
        var row = (ContractRow<CommitJobs, JobCommitted>)Find("db.commit-jobs/1");
        var text = new string(letter, 16 << 10);
        var end = new AttemptEnd(
            Outcome.UserError, ResultKind.None, Body.Empty, new FunctionError("Error", text, text),
            Body.Of(new byte[Body.InlineLimit]), default);
        var rules = new QueueRules();
        var count = Math.Clamp(rules.CommitBytes / end.MessageBytes, 1, rules.CommitRows);
        JobEnd[] ends = [.. Enumerable.Range(0, count).Select(_ => new JobEnd(Some.Id(), JobState.Failed, default, end, 1, 2))];

        row.Encode(new CommitJobs(new JobCommit(1, [], ends, [], []))).Length
            .Should().BeLessThan(rules.CommitBytes + (count * 700)).And.BeLessThan(2 << 20);
    }

    [Fact]
    public void UnfinishedJobs_WhenThePageIsFull_FitAReply()
    {
        var row = (ContractRow<LoadUnfinished, UnfinishedJobs>)Find("db.load-unfinished/1");
        var binding = Some.Binding() with
        {
            VersionId = 123_456_789, FunctionId = 12_345_678, Generation = 1_234_567,
            User = new string('u', 40), Function = new string('f', 40),
            Policy = new FunctionPolicy(
                123_456_789, new FunctionLimits(TimeSpan.FromHours(1), 4_096), 1_000_000,
                new RetryPolicy(100, 86_400_000, 86_400_000), HasEnvironment: true),
        };
        UnfinishedJob[] page =
        [
            .. Enumerable.Range(0, QueueStart.PageSize).Select(at => new UnfinishedJob(
                Some.Id(), 1_000_000_000 + at, binding, default, 1_700_000_000_000, 1_700_000_000_000, 1_700_000_000_000, false)),
        ];

        Rows.EncodeResponse(row, new UnfinishedJobs(page, true)).Length.Should().BeLessThan(256 * 1024);
    }

    [Theory]
    [InlineData('\u0001')]
    [InlineData('ж')]
    public void Decisions_WithTheWorstTexts_FitAMessage(char letter)
    {
        var word = new string(letter, DecisionLimits.WordCharsMax);
        var sentence = new string(letter, DecisionLimits.SentenceCharsMax);
        var big = double.MaxValue / 3;
        var decision = new DecisionReport(
            long.MaxValue, DateTimeOffset.MaxValue, word, word, int.MinValue, int.MinValue, int.MinValue, sentence,
            new ScalingSample(
                DateTimeOffset.MaxValue, int.MinValue, int.MinValue, long.MinValue, long.MinValue, long.MinValue, long.MinValue,
                int.MinValue, int.MinValue, long.MinValue, long.MinValue, long.MinValue, long.MinValue, false),
            new ScalingMeasures(big, big, big, big, big, big), word, word, sentence);
        var batch = Enumerable.Repeat(decision, DecisionLimits.BatchMax).ToArray();

        foreach (var row in new ContractRow[] { Find("queue.record-decisions/1"), Find("db.store-decisions/1") })
        {
            object request = row.RequestType == typeof(StoreDecisions)
                ? new StoreDecisions(Guid.NewGuid(), batch)
                : new RecordDecisions(Guid.NewGuid(), batch);
            var bytes = (ReadOnlyMemory<byte>)row.GetType().GetMethod("Encode")!.Invoke(row, [request])!;
            bytes.Length.Should().BeLessThan(2 << 20);
        }
        decision.ToText().Should().MatchRegex("^[ -~]+$", "the page's bound is in characters");
    }

    private static void RoundTrip<TRequest, TResponse>(ContractRow<TRequest, TResponse> row, int seed)
        where TRequest : class, IRequest<Result<TResponse>>
    {
        var random = new Random(seed);
        var request = Arbitrary.Make<TRequest>(random);
        var response = Arbitrary.Make<TResponse>(random);

        var bytes = Rows.Answer(row, request, response, out var arrived);

        Alike.Check(arrived, request, $"{row.Name} (seed {seed}) request");
        Alike.Check(row.Decode(bytes).Value, response, $"{row.Name} (seed {seed}) response");
    }

    private static string Word(Repeats repeats) => repeats switch
    {
        Repeats.IfNotExecuted => "once",
        Repeats.ByTransport => "again",
        _ => "by-caller",
    };

    private static ContractRow Find(string name) => Rows.All.Single(row => row.Name == name);

    [GeneratedRegex("(?<!^)([A-Z])")]
    private static partial Regex WordStart();
}
