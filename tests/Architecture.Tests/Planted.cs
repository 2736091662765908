#pragma warning disable CA1812, CA1822, CA1823, IDE0051, IDE0052, CS0169 // Violations on purpose: the rules must find them.
using FaaS.Application.Queue;
using MediatR;

namespace FaaS.Architecture.Tests.Planted;

/// <summary>Knows what nobody in the Domain may know. If a rule lets this pass, the rule is broken.</summary>
internal sealed class Violation
{
    private readonly IMediator? _mediator;
    private readonly EnqueueJobs? _request;

    public Task<string> ReadAsync(string path) => File.ReadAllTextAsync(path);
}

/// <summary>A handler that is neither internal nor sealed.</summary>
public class PlantedHandler : IRequestHandler<GetBacklog, Domain.Result<Domain.Jobs.QueueCounts>>
{
    public Task<Domain.Result<Domain.Jobs.QueueCounts>> Handle(GetBacklog request, CancellationToken cancellationToken) =>
        throw new NotSupportedException();
}

/// <summary>A request that changes.</summary>
public class PlantedRequest : IRequest<int>
{
    public int Value { get; set; }
}
