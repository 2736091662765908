using FaaS.Application.Messaging;
using FaaS.Domain;
using FaaS.Domain.Jobs;
using FluentValidation;
using MediatR;

namespace FaaS.Application.Queue;

/// <summary>
/// Submits jobs. Answered once each is durable or refused; idempotent by job id, so it may be repeated when the
/// outcome is unknown.
/// </summary>
/// <param name="Jobs">1 to 256 jobs.</param>
public sealed record EnqueueJobs(IReadOnlyList<JobSubmission> Jobs) : IRequest<Result<EnqueuedJobs>>;

/// <summary>What became of the submissions.</summary>
/// <param name="Errors">One entry a job, in the order sent: null for a job that is durable, else why it is not.</param>
public sealed record EnqueuedJobs(IReadOnlyList<Error?> Errors);

internal sealed class EnqueueJobsValidator : AbstractValidator<EnqueueJobs>
{
    /// <summary>Thirty days, the longest a job may wait for its due time.</summary>
    private const long MaxDelayMs = 30L * 24 * 60 * 60 * 1000;

    public EnqueueJobsValidator()
    {
        RuleFor(request => request.Jobs.Count).InclusiveBetween(1, 256).WithMessage("Submit 1 to 256 jobs at a time.");
        RuleForEach(request => request.Jobs).NotNull().WithMessage("A job is missing.").ChildRules(job =>
        {
            job.RuleFor(row => row.User).UserName();
            job.RuleFor(row => row.Function).FunctionName();
            job.RuleFor(row => row.Arguments.InlineLength).LessThanOrEqualTo(Body.InlineLimit)
                .WithErrorCode(nameof(ErrorCode.TooLarge))
                .WithMessage($"Arguments over {Body.InlineLimit} bytes are stored first and submitted by reference.");
            job.RuleFor(row => row.Arguments).Must(body => body.Inline is null != body.Stored is null)
                .WithMessage("The arguments are sent, or stored first and referred to: one of the two.");
            job.RuleFor(row => row.Idempotency).Must(key => key is null or { Key.Length: > 0 and <= IdempotencyKey.LengthMax })
                .WithMessage($"An idempotency key has 1 to {IdempotencyKey.LengthMax} characters.");
            job.RuleFor(row => row.DueAtMs - row.SubmittedAtMs).LessThanOrEqualTo(MaxDelayMs)
                .WithMessage("A delay is 30 days at most.");
        });
    }
}

internal sealed class EnqueueJobsHandler(QueueLoop loop) : IRequestHandler<EnqueueJobs, Result<EnqueuedJobs>>
{
    public async Task<Result<EnqueuedJobs>> Handle(EnqueueJobs request, CancellationToken cancellationToken)
    {
        var errors = await loop.AskAsync<IReadOnlyList<Error?>>(
            (queue, reply, now) => queue.Enqueue(request.Jobs, reply, now), cancellationToken).ConfigureAwait(false);
        return errors.IsOk ? new EnqueuedJobs(errors.Value) : errors.Error;
    }
}
