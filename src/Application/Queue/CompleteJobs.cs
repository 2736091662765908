using FaaS.Domain;
using FaaS.Domain.Jobs;
using FluentValidation;
using MediatR;

namespace FaaS.Application.Queue;

/// <summary>
/// Reports ends of attempts. Each is accepted once, from the holder of the current lease, and answered when it is
/// durable. Repeating it is safe: what was accepted before is then answered as stale, and the worker forgets it.
/// </summary>
/// <param name="Worker">The worker's identity.</param>
/// <param name="Reports">1 to 256 ends.</param>
public sealed record CompleteJobs(Guid Worker, IReadOnlyList<AttemptReport> Reports) : IRequest<Result<CompletedJobs>>;

/// <summary>What became of the reports.</summary>
/// <param name="Stale">Leases that were not current: their ends changed nothing.</param>
public sealed record CompletedJobs(IReadOnlyList<LeaseToken> Stale);

internal sealed class CompleteJobsValidator : AbstractValidator<CompleteJobs>
{
    /// <summary>Twice what our own sandbox keeps of a thrown text: another worker's must still fit a commit.</summary>
    private const int TextCharsMax = 32 << 10;

    public CompleteJobsValidator()
    {
        RuleFor(request => request.Reports.Count).InclusiveBetween(1, 256).WithMessage("Report 1 to 256 ends.");
        RuleForEach(request => request.Reports).NotNull().WithMessage("A report is missing.").ChildRules(report =>
        {
            report.RuleFor(row => row.End.Value.InlineLength + row.End.Logs.InlineLength)
                .LessThanOrEqualTo(2 * Body.InlineLimit).WithErrorCode(nameof(ErrorCode.TooLarge))
                .WithMessage(
                    $"Results and logs over {Body.InlineLimit} bytes are stored first and reported by reference.");
            report.RuleFor(row => row.End.Error).Must(error => error is null || (error.Name.Length <= TextCharsMax
                    && error.Message.Length <= TextCharsMax && (error.Stack?.Length ?? 0) <= TextCharsMax))
                .WithErrorCode(nameof(ErrorCode.TooLarge))
                .WithMessage($"An error's name, message and stack have at most {TextCharsMax} characters each.");
            // The wire takes numbers for enumerations; a word that does not exist could never be read again.
            report.RuleFor(row => row.End.Outcome).IsInEnum().WithMessage("The outcome is not one of the list.");
            report.RuleFor(row => row.End.Kind).IsInEnum().WithMessage("The result's kind is not one of the list.");
        });
    }
}

internal sealed class CompleteJobsHandler(QueueLoop loop) : IRequestHandler<CompleteJobs, Result<CompletedJobs>>
{
    public async Task<Result<CompletedJobs>> Handle(CompleteJobs request, CancellationToken cancellationToken)
    {
        var stale = await loop.AskAsync<IReadOnlyList<LeaseToken>>(
            (queue, reply, now) => queue.Complete(request.Worker, request.Reports, reply, now), cancellationToken)
            .ConfigureAwait(false);
        return stale.IsOk ? new CompletedJobs(stale.Value) : stale.Error;
    }
}
