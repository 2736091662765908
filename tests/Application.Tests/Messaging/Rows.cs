using FaaS.Application.Db;
using FaaS.Application.Messaging;
using FaaS.Application.Queue;
using FaaS.Application.Worker;
using FaaS.Domain;
using MediatR;

namespace FaaS.Application.Tests.Messaging;

/// <summary>Every row that may cross a process.</summary>
internal static class Rows
{
    public static IReadOnlyList<ContractRow> All { get; } =
        [.. DbContract.Contract.Rows, .. QueueContract.Contract.Rows, .. WorkerModule.Contract.Rows];

    /// <summary>A response's bytes, by way of the only thing that encodes one: an answer.</summary>
    public static ReadOnlyMemory<byte> EncodeResponse<TRequest, TResponse>(
        ContractRow<TRequest, TResponse> row, TResponse response)
        where TRequest : class, IRequest<Result<TResponse>> =>
        Answer(row, Arbitrary.Make<TRequest>(new Random(1)), response, out _);

    /// <summary>Sends a request through the row to a mediator that only answers.</summary>
    public static ReadOnlyMemory<byte> Answer<TRequest, TResponse>(
        ContractRow<TRequest, TResponse> row, TRequest request, TResponse response, out TRequest arrived)
        where TRequest : class, IRequest<Result<TResponse>>
    {
        var mediator = new AnsweringMediator(Result<TResponse>.Ok(response));
        var answer = row.AnswerAsync(mediator, row.Encode(request), default).GetAwaiter().GetResult();
        answer.Error.Should().BeNull();
        arrived = (TRequest)mediator.Arrived!;
        return answer.Value;
    }

    private sealed class AnsweringMediator(object answer) : IMediator
    {
        public object? Arrived { get; private set; }

        public Task<TResponse> Send<TResponse>(
            IRequest<TResponse> request, CancellationToken cancellationToken = default)
        {
            Arrived = request;
            return Task.FromResult((TResponse)answer);
        }

        public Task Publish(object notification, CancellationToken cancellationToken = default) =>
            throw new NotSupportedException();

        public Task Publish<TNotification>(
            TNotification notification, CancellationToken cancellationToken = default)
            where TNotification : INotification => throw new NotSupportedException();
    }
}
