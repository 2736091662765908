using System.Reflection;
using System.Text;
using System.Text.RegularExpressions;
using CsCheck;
using FaaS.Application.Messaging;
using FaaS.Application.Queue;
using FaaS.Domain;
using FaaS.Domain.Jobs;
using FaaS.Tests.Shared.Fuzzing;
using FluentValidation;
using MediatR;
using Microsoft.Extensions.DependencyInjection;

namespace FaaS.Application.Tests.Messaging;

/// <summary>
/// Rows with bodies that a stolen key could send: random JSON, and good ones damaged. First each row's codec by itself, then
/// all rows against modules that live on.
/// </summary>
public sealed partial class RowFuzzTests
{
    private static readonly Roles Outer = Roles.Frontend | Roles.Worker | Roles.Scaler;

    private static readonly MethodInfo SampleOf = typeof(RowFuzzTests).GetMethod(nameof(Sample), BindingFlags.NonPublic | BindingFlags.Static)!;

    /// <summary>For each row a few bodies as a good caller would send them, with values of every kind.</summary>
    private static readonly byte[][][] Good =
        [.. Rows.All.Select(row => (byte[][])SampleOf.MakeGenericMethod(row.RequestType, row.ResponseType).Invoke(null, [row])!)];

    private static readonly Gen<(int Row, byte[] Body)> AnySent = Gen.Int[0, Rows.All.Count - 1]
        .SelectMany(row => Gen.Frequency((5, Damage.Of(Good[row], Damage.TextWords, 4)), (1, Damage.Of(Good[(row + 1) % Good.Length])), (1, Damage.AnyBytes(60)))
            .Select(body => (row, body)));

    [Fact]
    public async Task Request_OfAnyBytes_IsRefusedOrComesBackAsItIs()
    {
        await using var parts = Parts.Build();
        var taken = 0;
        bool IsValid(object request) => parts.Server.GetServices(typeof(IValidator<>).MakeGenericType(request.GetType())).Cast<IValidator>()
            .All(validator => validator.Validate(new ValidationContext<object>(request)).IsValid);

        Fuzz.Run("rows, codec", 10_000, AnySent, sent =>
        {
            var mediator = new Listening();
            var answer = Rows.All[sent.Row].AnswerAsync(mediator, sent.Body, default).GetAwaiter().GetResult();
            if (mediator.Arrived is null)
            {
                answer.Error!.Code.Should().Be(ErrorCode.BadRequest);
                answer.Error.Message.Should().StartWith(Rows.All[sent.Row].Name);
                return;
            }
            JsonByTheBook.TryRead(sent.Body, 64, out _).Should().BeTrue("nothing else is JSON");
            var first = mediator.Arrived;
            if (!IsValid(first)) return;
            taken++;
            var encoded = (ReadOnlyMemory<byte>)Rows.All[sent.Row].GetType().GetMethod("Encode")!.Invoke(Rows.All[sent.Row], [first])!;
            Rows.All[sent.Row].AnswerAsync(mediator, encoded, default).GetAwaiter().GetResult();
            mediator.Count.Should().Be(2, "what was taken is taken again: {0}", Encoding.UTF8.GetString(encoded.Span));
            Alike.Check(mediator.Arrived, first);
        }, Show);

        if (!Fuzz.IsOneCase) taken.Should().BeGreaterThan(500);
    }

    /// <summary>Found by the test above: beyond 285 years a span of time was off by some microseconds once it had crossed.</summary>
    [Fact]
    public void Time_OfThousandsOfYears_ComesBackAsItIs()
    {
        var wall = TimeSpan.FromMicroseconds(103_034_335_137_813_031);
        var row = (ContractRow<CompleteJobs, CompletedJobs>)Rows.All.Single(row => row.Name == "queue.complete-jobs/1");
        var end = Some.Success() with { Usage = new ResourceUsage(wall, default, default) };

        Rows.Answer(row, new CompleteJobs(Guid.NewGuid(), [new AttemptReport(default, default, end)]), new CompletedJobs([]), out var arrived);

        arrived.Reports[0].End.Usage.Wall.Should().Be(wall);
    }

    /// <summary>Whoever sends them has the keys of all parts but of those that own the state: db's and the queue's.</summary>
    [Fact]
    public async Task Modules_WhateverTheyAreSent_AnswerAndLiveOn()
    {
        await using var parts = await Parts.StartAsync();
        var served = parts.Server.GetRequiredService<ServedRequests>();
        var mediator = parts.Server.GetRequiredService<IMediator>();
        var (answered, refused) = (0, 0);

        await Fuzz.RunAsync("rows, modules", 2_000, AnySent.Where(sent => (Rows.All[sent.Row].Callers & Outer) != 0), async sent =>
        {
            using var patience = new CancellationTokenSource();
            var answering = served.AnswerAsync(mediator, Rows.All[sent.Row].Name, Outer, sent.Body, patience.Token);
            // A long poll is parked, and would be for up to a minute.
            if (!answering.IsCompleted && await Task.WhenAny(answering, Task.Delay(50)) != answering) await patience.CancelAsync();
            try
            {
                var answer = await answering.WaitAsync(TimeSpan.FromSeconds(20));
                if (answer.IsOk) answered++;
                else refused++;
                if (!answer.IsOk) answer.Error.Code.Should().NotBe(ErrorCode.Internal);
            }
            catch (OperationCanceledException) when (patience.IsCancellationRequested)
            {
                // Its caller has gone.
            }
            (await parts.Mediator.Send(new GetBacklog())).IsOk.Should().BeTrue("the queue lives on");
        }, Show);

        if (!Fuzz.IsOneCase)
            Math.Min(answered, refused).Should().BeGreaterThan(100);
    }

    private static byte[][] Sample<TRequest, TResponse>(ContractRow<TRequest, TResponse> row)
        where TRequest : class, IRequest<Result<TResponse>> =>
        [.. Enumerable.Range(0, 12).Select(seed => row.Encode(Arbitrary.Make<TRequest>(new Random(seed))).ToArray())
            .SelectMany(body => new[] { body, Encoding.UTF8.GetBytes(Likely(Encoding.UTF8.GetString(body))) }).OrderBy(body => body.Length)];

    /// <summary>Names that exist and numbers that are in range: what validators refuse reaches no handler.</summary>
    private static string Likely(string body) =>
        Count().Replace(Function().Replace(User().Replace(body, "$1\"ann\""), "$1\"add\""), "${1}1");

    private static string Show((int Row, byte[] Body) sent) => $"{Rows.All[sent.Row].Name} {Encoding.UTF8.GetString(sent.Body)}";

    [GeneratedRegex("(\"user\":)\"[^\"]*\"")]
    private static partial Regex User();

    [GeneratedRegex("(\"function\":)\"[^\"]*\"")]
    private static partial Regex Function();

    [GeneratedRegex("(\"(?:slots|total|max|limit|waitMs|weight|submittedAtMs|dueAtMs)\":)-?[0-9]+")]
    private static partial Regex Count();

    /// <summary>Takes a request and answers that it did not do it.</summary>
    private sealed class Listening : IMediator
    {
        public object? Arrived { get; private set; }

        public int Count { get; private set; }

        public Task<TResponse> Send<TResponse>(IRequest<TResponse> request, CancellationToken cancellationToken = default)
        {
            (Arrived, Count) = (request, Count + 1);
            return Task.FromResult((TResponse)typeof(TResponse).GetMethod("op_Implicit", [typeof(Error)])!
                .Invoke(null, [new Error(ErrorCode.Conflict, "No.")])!);
        }

        public Task Publish(object notification, CancellationToken cancellationToken = default) => throw new NotSupportedException();

        public Task Publish<TNotification>(TNotification notification, CancellationToken cancellationToken = default)
            where TNotification : INotification => throw new NotSupportedException();
    }
}
