using System.Collections.Concurrent;
using FaaS.Application.Db;
using FaaS.Domain;
using MediatR;

namespace FaaS.Infrastructure.Tests.Http;

/// <summary>What stands behind the frontend: each request it sends is noted, and answered as a test says.</summary>
internal sealed class FakePlatform : IMediator
{
    private readonly Dictionary<Type, Func<object, CancellationToken, Task<object>>> _answers = [];
    private readonly ConcurrentQueue<object> _sent = new();

    /// <summary>The requests so far.</summary>
    public IReadOnlyList<object> Sent => [.. _sent];

    /// <summary>Answers the requests of a type.</summary>
    public FakePlatform On<TRequest, TResponse>(Func<TRequest, Result<TResponse>> answer)
        where TRequest : IRequest<Result<TResponse>> =>
        OnLater<TRequest, TResponse>((request, _) => Task.FromResult(answer(request)));

    /// <summary>Answers the requests of a type with a value.</summary>
    public FakePlatform On<TRequest, TResponse>(Func<TRequest, TResponse> answer)
        where TRequest : IRequest<Result<TResponse>> =>
        OnLater<TRequest, TResponse>((request, _) => Task.FromResult<Result<TResponse>>(answer(request)));

    /// <summary>Every user is there, without any function.</summary>
    public FakePlatform WithUser() =>
        On((FindVersion _) => Result<CurrentVersion>.Fail(ErrorCode.FunctionNotFound, "There is no such function."));

    /// <summary>Answers the requests of a type in its own time.</summary>
    public FakePlatform OnLater<TRequest, TResponse>(Func<TRequest, CancellationToken, Task<Result<TResponse>>> answer)
        where TRequest : IRequest<Result<TResponse>>
    {
        _answers[typeof(TRequest)] = async (request, cancellation) => await answer((TRequest)request, cancellation);
        return this;
    }

    public async Task<TResponse> Send<TResponse>(IRequest<TResponse> request, CancellationToken cancellationToken = default)
    {
        _sent.Enqueue(request);
        return _answers.TryGetValue(request.GetType(), out var answer)
            ? (TResponse)await answer(request, cancellationToken)
            : throw new InvalidOperationException($"Nobody expected {request}.");
    }

    public Task Publish(object notification, CancellationToken cancellationToken = default) =>
        throw new NotSupportedException();

    public Task Publish<TNotification>(TNotification notification, CancellationToken cancellationToken = default)
        where TNotification : INotification => throw new NotSupportedException();
}
