using System.Text;
using FaaS.Application.Messaging;
using FaaS.Application.Queue;
using FaaS.Domain;
using MediatR;
using Microsoft.Extensions.DependencyInjection;

namespace FaaS.Application.Tests.Messaging;

/// <summary>Whatever a peer sends, the answer is a bad request, and the queue lives on.</summary>
public sealed class MalformedBodyTests
{
    private const string Token = "\"token\":{\"epoch\":1,\"number\":1}";
    private const string Id = "\"000000000000000100000002\"";
    private const string Usage = "\"usage\":{\"wall\":1,\"cpu\":1,\"coldStart\":1}";

    [Theory]
    [InlineData("queue.enqueue-jobs/1", "")]
    [InlineData("queue.enqueue-jobs/1", "nonsense")]
    [InlineData("queue.enqueue-jobs/1", "null")]
    [InlineData("queue.enqueue-jobs/1", "[]")]
    [InlineData("queue.enqueue-jobs/1", "{}")]
    [InlineData("queue.enqueue-jobs/1", "{\"jobs\":null}")]
    [InlineData("queue.enqueue-jobs/1", "{\"jobs\":[null]}")]
    [InlineData("queue.enqueue-jobs/1", "{\"jobs\":[{}]}")]
    [InlineData("queue.enqueue-jobs/1", "{\"jobs\":[{\"id\":" + Id + ",\"user\":null,\"function\":\"f\",\"arguments\":{\"inline\":\"\"},\"submittedAtMs\":1}]}")]
    [InlineData("queue.enqueue-jobs/1", "{\"jobs\":[{\"id\":\"XYZ\",\"user\":\"u\",\"function\":\"f\",\"arguments\":{\"inline\":\"\"},\"submittedAtMs\":1}]}")]
    [InlineData("queue.enqueue-jobs/1", "{\"jobs\":[{\"id\":7,\"user\":\"u\",\"function\":\"f\",\"arguments\":{\"inline\":\"\"},\"submittedAtMs\":1}]}")]
    [InlineData("queue.enqueue-jobs/1", "{\"jobs\":[{\"id\":" + Id + ",\"user\":\"u\",\"function\":\"f\",\"arguments\":{\"inline\":\"*\"},\"submittedAtMs\":1}]}")]
    [InlineData("queue.enqueue-jobs/1", "{\"jobs\":[{\"id\":" + Id + ",\"user\":\"u\",\"function\":\"f\",\"arguments\":{},\"submittedAtMs\":1}]}")]
    [InlineData("queue.lease-jobs/1", "{\"worker\":\"me\",\"slots\":1,\"total\":1,\"max\":1,\"waitMs\":0,\"held\":[]}")]
    [InlineData("queue.lease-jobs/1", "{\"worker\":\"0f8fad5b-d9cb-469f-a165-70867728950e\",\"slots\":1,\"total\":1,\"max\":1,\"waitMs\":0}")]
    [InlineData("queue.lease-jobs/1", "{\"worker\":\"0f8fad5b-d9cb-469f-a165-70867728950e\",\"slots\":1.5,\"total\":1,\"max\":1,\"waitMs\":0,\"held\":[]}")]
    [InlineData("queue.complete-jobs/1", "{\"worker\":\"0f8fad5b-d9cb-469f-a165-70867728950e\",\"reports\":[null]}")]
    [InlineData("queue.complete-jobs/1", "{\"worker\":\"0f8fad5b-d9cb-469f-a165-70867728950e\",\"reports\":[{\"job\":" + Id + "," + Token + "}]}")]
    [InlineData("queue.complete-jobs/1", "{\"worker\":\"0f8fad5b-d9cb-469f-a165-70867728950e\",\"reports\":[{\"job\":" + Id + "," + Token + ",\"end\":null}]}")]
    [InlineData("queue.complete-jobs/1", "{\"worker\":\"0f8fad5b-d9cb-469f-a165-70867728950e\",\"reports\":[{\"job\":" + Id + "," + Token + ",\"end\":{\"outcome\":\"Bored\",\"kind\":\"None\",\"value\":{},\"logs\":{}," + Usage + "}}]}")]
    [InlineData("queue.complete-jobs/1", "{\"worker\":\"0f8fad5b-d9cb-469f-a165-70867728950e\",\"reports\":[{\"job\":" + Id + "," + Token + ",\"end\":{\"outcome\":99,\"kind\":\"None\",\"value\":{},\"logs\":{}," + Usage + "}}]}")]
    [InlineData("queue.complete-jobs/1", "{\"worker\":\"0f8fad5b-d9cb-469f-a165-70867728950e\",\"reports\":[{\"job\":" + Id + "," + Token + ",\"end\":{\"outcome\":\"Success\",\"kind\":\"Json\",\"value\":{},\"logs\":{},\"usage\":{\"wall\":9223372036854775807,\"cpu\":1,\"coldStart\":1}}}]}")]
    public async Task AnswerAsync_WhenTheBodyIsMalformed_IsABadRequest(string name, string body)
    {
        await using var parts = await Parts.StartAsync();
        var served = parts.Server.GetRequiredService<ServedRequests>();

        var answer = await served.AnswerAsync(
            parts.Server.GetRequiredService<IMediator>(), name, Roles.Frontend | Roles.Worker,
            Encoding.UTF8.GetBytes(body), default);

        answer.Error!.Code.Should().Be(ErrorCode.BadRequest);
        (await parts.Mediator.Send(new GetBacklog())).IsOk.Should().BeTrue();
    }

    /// <summary>Found by <see cref="RowFuzzTests"/>: nobody looked at the name of a member that nobody knows.</summary>
    [Fact]
    public async Task AnswerAsync_WhenTheBodyIsNoText_IsABadRequest()
    {
        await using var parts = await Parts.StartAsync();

        var answer = await parts.Server.GetRequiredService<ServedRequests>().AnswerAsync(
            parts.Mediator, "queue.get-backlog/1", Roles.Scaler, new byte[] { (byte)'{', (byte)'"', 0xFF, (byte)'"', (byte)':', (byte)'1', (byte)'}' }, default);

        answer.Error!.Code.Should().Be(ErrorCode.BadRequest);
        answer.Error.Message.Should().Contain("not UTF-8");
    }

    [Fact]
    public async Task AnswerAsync_WhenTheNameIsUnknown_IsRouteNotFound()
    {
        await using var parts = Parts.Build();

        var answer = await parts.Server.GetRequiredService<ServedRequests>().AnswerAsync(
            parts.Mediator, "queue.lease-jobs/2", Roles.Worker, "{}"u8.ToArray(), default);

        answer.Error!.Code.Should().Be(ErrorCode.RouteNotFound);
    }

    [Fact]
    public async Task AnswerAsync_WhenTheBodyHasMoreThanThisVersionKnows_IsAnswered()
    {
        await using var parts = await Parts.StartAsync();

        var answer = await parts.Server.GetRequiredService<ServedRequests>().AnswerAsync(
            parts.Mediator, "queue.get-backlog/1", Roles.Scaler, "{\"since\":7}"u8.ToArray(), default);

        answer.IsOk.Should().BeTrue();
    }
}
