using MediatR;

namespace FaaS.Application.Tests;

/// <summary>Stands between a caller and the mediator: answers, delays or breaks requests of some types.</summary>
internal sealed class Interceptor(IMediator inner) : IMediator
{
    private readonly Dictionary<Type, Func<object, Task<object?>>> _answers = [];

    /// <summary>Takes the requests of a type: what it gives is the answer, and null lets the request through.</summary>
    public Interceptor On<TRequest>(Func<TRequest, Task<object?>> answer)
    {
        _answers[typeof(TRequest)] = request => answer((TRequest)request);
        return this;
    }

    public async Task<TResponse> Send<TResponse>(
        IRequest<TResponse> request, CancellationToken cancellationToken = default)
    {
        if (_answers.TryGetValue(request.GetType(), out var answer) && await answer(request) is { } given)
            return (TResponse)given;
        return await inner.Send(request, cancellationToken);
    }

    public Task Publish(object notification, CancellationToken cancellationToken = default) =>
        throw new NotSupportedException();

    public Task Publish<TNotification>(TNotification notification, CancellationToken cancellationToken = default)
        where TNotification : INotification => throw new NotSupportedException();
}
