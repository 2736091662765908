using FaaS.Domain;
using FaaS.Domain.Jobs;
using MediatR;

namespace FaaS.Application.Queue;

/// <summary>How much the queue holds, and the counters of its conservation law.</summary>
public sealed record GetBacklog : IRequest<Result<QueueCounts>>;
