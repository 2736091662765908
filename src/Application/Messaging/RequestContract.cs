using System.Text.Json.Serialization;
using FaaS.Domain;
using MediatR;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace FaaS.Application.Messaging;

/// <summary>The parts of the platform that may call one another.</summary>
[Flags]
public enum Roles
{
    /// <summary>Nobody.</summary>
    None = 0,

    /// <summary>Speaks REST to users.</summary>
    Frontend = 1,

    /// <summary>The one that touches the store.</summary>
    Db = 2,

    /// <summary>The single writer of jobs' lives.</summary>
    Queue = 4,

    /// <summary>Runs functions.</summary>
    Worker = 8,

    /// <summary>Adds and drains workers.</summary>
    Scaler = 16,
}

/// <summary>Who sends a request again when its answer did not come.</summary>
public enum Repeats
{
    /// <summary>It goes out again only if it was certainly not executed: a second execution would do something else.</summary>
    IfNotExecuted,

    /// <summary>Executing it twice is safe, and whoever forwards it repeats it until its deadline.</summary>
    ByTransport,

    /// <summary>Executing it twice is safe, but its caller is a loop that asks again by itself, with newer facts.</summary>
    ByCaller,
}

/// <summary>One request that may cross a process: its name on the wire, its types and its manners.</summary>
public abstract class ContractRow
{
    private protected ContractRow(string name, TimeSpan deadline, Repeats repeats, Roles callers)
    {
        Name = name;
        Deadline = deadline;
        Repeats = repeats;
        Callers = callers;
    }

    /// <summary>The name on the wire, with the version of its shape: <c>queue.lease-jobs/1</c>.</summary>
    public string Name { get; }

    /// <summary>How long a caller waits for the answer; for long polls, beyond the time they ask to be parked.</summary>
    public TimeSpan Deadline { get; }

    /// <summary>Who sends it again, and when.</summary>
    public Repeats Repeats { get; }

    /// <summary>Who may call it.</summary>
    public Roles Callers { get; }

    /// <summary>The request's type.</summary>
    public abstract Type RequestType { get; }

    /// <summary>The response's type.</summary>
    public abstract Type ResponseType { get; }

    /// <summary>The handler interface that answers the request.</summary>
    public abstract Type HandlerType { get; }

    /// <summary>Registers the checks that run before a handler in this process.</summary>
    internal abstract void AddBehaviours(IServiceCollection services);

    /// <summary>Registers a handler that forwards the request over the transport keyed by the module's name.</summary>
    internal abstract void AddForwarder(IServiceCollection services, string module);

    /// <summary>Answers one encoded request in this process.</summary>
    /// <param name="mediator">Finds the handler.</param>
    /// <param name="body">The encoded request.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>The encoded response, or the error in its place; a body that does not decode is a bad request.</returns>
    public abstract Task<Result<ReadOnlyMemory<byte>>> AnswerAsync(
        IMediator mediator, ReadOnlyMemory<byte> body, CancellationToken cancellation);
}

/// <inheritdoc/>
/// <typeparam name="TRequest">The request.</typeparam>
/// <typeparam name="TResponse">The response.</typeparam>
public sealed class ContractRow<TRequest, TResponse> : ContractRow
    where TRequest : IRequest<Result<TResponse>>
{
    private readonly RowCodec<TRequest> _request;
    private readonly RowCodec<TResponse> _response;
    private readonly StandIn<TRequest, TResponse>? _standIn;

    internal ContractRow(
        string name, TimeSpan deadline, Repeats repeats, Roles callers, JsonSerializerContext types,
        StandIn<TRequest, TResponse>? standIn = null)
        : base(name, deadline, repeats, callers)
    {
        _standIn = standIn;
        _request = new RowCodec<TRequest>(name, types);
        _response = new RowCodec<TResponse>(name, types);
    }

    /// <inheritdoc/>
    public override Type RequestType => typeof(TRequest);

    /// <inheritdoc/>
    public override Type ResponseType => typeof(TResponse);

    /// <inheritdoc/>
    public override Type HandlerType => typeof(IRequestHandler<TRequest, Result<TResponse>>);

    /// <summary>Encodes a request.</summary>
    public ReadOnlyMemory<byte> Encode(TRequest request) => _request.Encode(request);

    /// <summary>Decodes a response; one that does not decode is an internal error.</summary>
    public Result<TResponse> Decode(ReadOnlyMemory<byte> body) => _response.Decode(body, ErrorCode.Internal);

    /// <inheritdoc/>
    public override async Task<Result<ReadOnlyMemory<byte>>> AnswerAsync(
        IMediator mediator, ReadOnlyMemory<byte> body, CancellationToken cancellation)
    {
        var request = _request.Decode(body, ErrorCode.BadRequest);
        if (!request.IsOk) return request.Error;
        var response = await mediator.Send(request.Value, cancellation).ConfigureAwait(false);
        return response.IsOk ? _response.Encode(response.Value) : response.Error;
    }

    internal override void AddBehaviours(IServiceCollection services) =>
        services.TryAddEnumerable(ServiceDescriptor
            .Singleton<IPipelineBehavior<TRequest, Result<TResponse>>, ValidationBehaviour<TRequest, TResponse>>());

    internal override void AddForwarder(IServiceCollection services, string module) =>
        services.AddSingleton<IRequestHandler<TRequest, Result<TResponse>>>(provider =>
        {
            var plain = new ForwardingHandler<TRequest, TResponse>(
                this, provider.GetRequiredKeyedService<IRequestTransport>(module),
                provider.GetRequiredService<TimeProvider>(), provider.GetService<RepeatsUntil>());
            return _standIn is null ? plain : _standIn(provider, plain);
        });
}

/// <summary>Makes what answers a request where its module lives elsewhere, if that is more than forwarding each by itself.</summary>
/// <param name="services">The process's container.</param>
/// <param name="plain">Forwards one request.</param>
internal delegate IRequestHandler<TRequest, Result<TResponse>> StandIn<TRequest, TResponse>(
    IServiceProvider services, IRequestHandler<TRequest, Result<TResponse>> plain)
    where TRequest : IRequest<Result<TResponse>>;

/// <summary>Everything a module answers. Only what stands here may cross a process.</summary>
/// <param name="Module">The module's word: folder, host, endpoint and metric label.</param>
/// <param name="Rows">The requests.</param>
public sealed record RequestContract(string Module, IReadOnlyList<ContractRow> Rows);
