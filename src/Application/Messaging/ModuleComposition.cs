using FaaS.Domain;
using MediatR;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace FaaS.Application.Messaging;

/// <summary>A composition that cannot work. The message names what to change.</summary>
/// <param name="message">What is wrong and what to do.</param>
public sealed class CompositionException(string message) : Exception(message);

/// <summary>
/// Says which modules live in this process and which are reached over a transport. Nothing else in the code knows.
/// Everything that can be wrong is found by <see cref="Build"/>, at start-up.
/// </summary>
/// <param name="services">The process's container.</param>
public sealed class ModuleComposition(IServiceCollection services)
{
    private readonly Dictionary<string, RequestContract> _active = [];
    private readonly Dictionary<string, RequestContract> _served = [];
    private readonly Dictionary<string, RequestContract> _connected = [];

    /// <summary>The module's handlers run in this process.</summary>
    public ModuleComposition Activate<TModule>() where TModule : IModule
    {
        var contract = TModule.Contract;
        if (_connected.ContainsKey(contract.Module)) throw Both(contract.Module);
        if (!_active.TryAdd(contract.Module, contract))
            throw new CompositionException($"The module '{contract.Module}' is activated twice.");
        TModule.AddTo(services);
        foreach (var row in contract.Rows) row.AddBehaviours(services);
        return this;
    }

    /// <summary>The module's handlers run here and also answer other processes.</summary>
    public ModuleComposition Serve<TModule>() where TModule : IModule
    {
        Activate<TModule>();
        _served.Add(TModule.Contract.Module, TModule.Contract);
        return this;
    }

    /// <summary>
    /// The module lives elsewhere: each of its requests is forwarded over the <see cref="IRequestTransport"/> that is
    /// registered under the module's word.
    /// </summary>
    /// <param name="endpoint">Where it is.</param>
    /// <param name="setting">The setting that says so, to be named when it is not set.</param>
    public ModuleComposition Connect<TModule>(string? endpoint, string setting) where TModule : IModule
    {
        var contract = TModule.Contract;
        if (_active.ContainsKey(contract.Module)) throw Both(contract.Module);
        if (string.IsNullOrWhiteSpace(endpoint))
            throw new CompositionException($"The module '{contract.Module}' is remote, but {setting} is not set.");
        if (!_connected.TryAdd(contract.Module, contract))
            throw new CompositionException($"The module '{contract.Module}' is connected twice.");
        foreach (var row in contract.Rows) row.AddForwarder(services, contract.Module);
        return this;
    }

    /// <summary>Checks the whole and registers the mediator and the table of served requests.</summary>
    /// <exception cref="CompositionException">A request has no handler or two, or a row stands twice.</exception>
    public void Build()
    {
        var rows = _active.Values.Concat(_connected.Values).SelectMany(contract => contract.Rows).ToArray();
        CheckUnique(rows, row => row.Name);
        CheckUnique(rows, row => row.RequestType.Name);
        foreach (var row in rows)
        {
            var handlers = services.Count(service => service.ServiceType == row.HandlerType);
            if (handlers != 1)
                throw new CompositionException($"The request '{row.Name}' has {handlers} handlers; it needs one.");
        }
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton<ServiceFactory>(provider => provider.GetService!);
        services.AddSingleton<IMediator, Mediator>();
        services.AddSingleton(new ServedRequests(_served.Values.SelectMany(contract => contract.Rows)));
    }

    private static void CheckUnique(ContractRow[] rows, Func<ContractRow, string> key)
    {
        var twice = rows.GroupBy(key).FirstOrDefault(group => group.Count() > 1);
        if (twice is not null) throw new CompositionException($"The request '{twice.Key}' stands in two contract rows.");
    }

    private static CompositionException Both(string module) =>
        new($"The module '{module}' is both active here and connected elsewhere; choose one.");
}

/// <summary>The requests this process answers for others, by name.</summary>
public sealed class ServedRequests
{
    private readonly Dictionary<string, ContractRow> _rows;

    internal ServedRequests(IEnumerable<ContractRow> rows) => _rows = rows.ToDictionary(row => row.Name);

    /// <summary>
    /// Answers one encoded request. A name that is not served is <see cref="ErrorCode.RouteNotFound"/>; a caller whose
    /// role may not call it gets <see cref="ErrorCode.Forbidden"/>.
    /// </summary>
    public Task<Result<ReadOnlyMemory<byte>>> AnswerAsync(
        IMediator mediator, string name, Roles caller, ReadOnlyMemory<byte> body, CancellationToken cancellation)
    {
        if (!_rows.TryGetValue(name, out var row))
            return Task.FromResult<Result<ReadOnlyMemory<byte>>>(
                new Error(ErrorCode.RouteNotFound, $"This part does not answer '{name}'."));
        if ((row.Callers & caller) == 0)
            return Task.FromResult<Result<ReadOnlyMemory<byte>>>(
                new Error(ErrorCode.Forbidden, $"The role {caller} may not call '{name}'."));
        return row.AnswerAsync(mediator, body, cancellation);
    }
}
