using FaaS.Application.Db;
using FaaS.Application.Messaging;
using FaaS.Application.Queue;
using FaaS.Domain;
using FaaS.Domain.Jobs;

namespace FaaS.Application.Tests.Messaging;

/// <summary>What a caller may expect, wherever the module lives.</summary>
public sealed class RequestShapeTests
{
    public static TheoryData<Shape> Shapes => [Shape.Direct, Shape.Codec];

    [Theory]
    [MemberData(nameof(Shapes))]
    public async Task EnqueueJobs_WhenTheJobsAreGood_TheyAreDurable(Shape shape)
    {
        await using var parts = await Parts.StartAsync(shape);
        var id = Some.Id();

        var answer = await parts.Mediator.Send(Some.Enqueue(id));

        answer.Value.Errors.Should().Equal([null]);
        var record = (await parts.Mediator.Send(new FindJob(id, JobParts.Result))).Value;
        record.State.Should().Be(JobState.Queued);
        record.Outcome.Should().BeNull();
        record.Binding.Function.Should().Be("add");
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public async Task EnqueueJobs_WhenOneRowIsRefused_TheOthersAreDurable(Shape shape)
    {
        await using var parts = await Parts.StartAsync(shape);
        var request = new EnqueueJobs([Some.Submission(), Some.Submission(user: "bob"), Some.Submission(function: "no")]);

        var answer = await parts.Mediator.Send(request);

        answer.Value.Errors.Select(error => error?.Code)
            .Should().Equal(null, ErrorCode.UserNotFound, ErrorCode.FunctionNotFound);
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public async Task AnyRequest_WhenTheHandlerAnswersAnError_AllOfItArrives(Shape shape)
    {
        await using var parts = Parts.Build(shape);
        var error = new Error(ErrorCode.InvalidSource, "Unexpected token — \"}\".", 3, 14, 15);
        parts.Store.Down = error;

        var answer = await parts.Mediator.Send(new RegisterFunction("ann", "add", "() => }"u8.ToArray()));

        answer.Error.Should().Be(error);
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public async Task AnyRequest_WhenItIsInvalid_TheHandlerNeverSeesIt(Shape shape)
    {
        await using var parts = Parts.Build(shape);
        parts.Store.Throws = new InvalidOperationException("The store was reached.");

        var answer = await parts.Mediator.Send(new RegisterUser("no spaces"));

        answer.Error!.Code.Should().Be(ErrorCode.InvalidName);
        answer.Error.Message.Should().Contain(Names.UserPattern);
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public async Task QueueRequest_WhenTheQueueStarts_IsUnavailableWithARetryTime(Shape shape)
    {
        await using var parts = Parts.Build(shape);

        var answer = await parts.Mediator.Send(new GetBacklog());

        answer.Error!.Code.Should().Be(ErrorCode.Unavailable);
        answer.Error.RetryAfterSeconds.Should().Be(1);
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public async Task WaitJob_WhenTheJobIsNotTheQueues_SaysSo(Shape shape)
    {
        await using var parts = await Parts.StartAsync(shape);

        var answer = await parts.Mediator.Send(new WaitJob(Some.Id(), 1_000));

        answer.Value.Should().Be(new JobProgress(false, null));
    }

    [Theory]
    [InlineData(Roles.Frontend, ErrorCode.Forbidden)]
    [InlineData(Roles.Scaler, ErrorCode.Forbidden)]
    [InlineData(Roles.None, ErrorCode.Forbidden)]
    [InlineData(Roles.Worker, null)]
    public async Task LeaseJobs_WhenTheCallersRoleIsNotListed_IsForbidden(Roles role, ErrorCode? expected)
    {
        await using var parts = await Parts.StartAsync(Shape.Codec, caller: role);

        var answer = await parts.Mediator.Send(Some.Lease(Guid.NewGuid()));

        (answer.IsOk ? (ErrorCode?)null : answer.Error.Code).Should().Be(expected);
    }

    [Theory]
    [InlineData(Roles.Frontend)]
    [InlineData(Roles.Worker)]
    [InlineData(Roles.Queue)]
    [InlineData(Roles.None)]
    public async Task RecordDecisions_WhenTheCallerIsNoScaler_IsForbidden(Roles role)
    {
        await using var parts = Parts.Build(Shape.Codec, caller: role);

        var answer = await parts.Mediator.Send(new RecordDecisions(Guid.NewGuid(), [Some.Decision()]));

        answer.Error!.Code.Should().Be(ErrorCode.Forbidden);
        parts.Store.Calls.Should().Be(0);
    }

    [Theory]
    [InlineData(Roles.Scaler)]
    [InlineData(Roles.Worker)]
    [InlineData(Roles.Frontend)]
    public async Task StoreDecisions_WhenTheCallerIsNotTheQueue_IsForbidden(Roles role)
    {
        await using var parts = Parts.Build(Shape.Codec, caller: role);

        (await parts.Mediator.Send(new StoreDecisions(Guid.NewGuid(), [Some.Decision()])))
            .Error!.Code.Should().Be(ErrorCode.Forbidden);
    }

    [Fact]
    public async Task AnyRequest_WhenTheAnswerDoesNotDecode_IsAnInternalError()
    {
        var row = (ContractRow<GetBacklog, QueueCounts>)QueueContract.Contract.Rows.Single(
            row => row.RequestType == typeof(GetBacklog));

        var answer = row.Decode("{\"epoch\":\"one\"}"u8.ToArray());

        answer.Error!.Code.Should().Be(ErrorCode.Internal);
        answer.Error.Message.Should().StartWith("queue.get-backlog/1:");
        await Task.CompletedTask;
    }
}
