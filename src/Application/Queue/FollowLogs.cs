using FaaS.Application.Messaging;
using FaaS.Domain;
using FaaS.Domain.Jobs;
using FluentValidation;
using MediatR;

namespace FaaS.Application.Queue;

/// <summary>Waits for lines that a job writes while it runs; parked until there are some, or the job has ended.</summary>
/// <param name="Job">The job.</param>
/// <param name="Attempt">The attempt whose lines were heard last; 0 for none.</param>
/// <param name="From">How many bytes of them were heard.</param>
/// <param name="WaitMs">How long to stay parked, 0 to 60,000 ms.</param>
public sealed record FollowLogs(JobId Job, int Attempt, int From, int WaitMs) : IRequest<Result<FollowedLogs>>, IParkedRequest;

/// <summary>Lines of a job.</summary>
/// <param name="Known">False when the queue does not hold the job: all its lines are in the store.</param>
/// <param name="Attempt">Whose lines they are; where it is another attempt than was asked for, its lines begin anew.</param>
/// <param name="From">Where they stand in what the attempt has written.</param>
/// <param name="Bytes">JSON objects and commas; empty when the wait was over.</param>
public sealed record FollowedLogs(bool Known, int Attempt, int From, byte[] Bytes);

internal sealed class FollowLogsValidator : AbstractValidator<FollowLogs>
{
    public FollowLogsValidator()
    {
        RuleFor(request => request.WaitMs).InclusiveBetween(0, 60_000).WithMessage("Wait 0 to 60000 ms.");
        RuleFor(request => request).Must(request => request is { Attempt: >= 0, From: >= 0 })
            .WithMessage("An attempt is 1 or more, and its lines begin at 0.");
    }
}

internal sealed class FollowLogsHandler(QueueLoop loop) : IRequestHandler<FollowLogs, Result<FollowedLogs>>
{
    public Task<Result<FollowedLogs>> Handle(FollowLogs request, CancellationToken cancellationToken) =>
        loop.AskAsync<FollowedLogs>(
            (queue, reply, now) => loop.Logs.Follow(request, queue, reply, now), cancellationToken);
}
