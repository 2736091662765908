using FaaS.Application.Messaging;
using FaaS.Domain;
using FaaS.Domain.Jobs;
using FluentValidation;
using MediatR;

namespace FaaS.Application.Db;

/// <summary>A page of a user's jobs, the newest first.</summary>
/// <param name="Query">Which jobs.</param>
public sealed record ListJobs(JobQuery Query) : IRequest<Result<JobPage>>;

internal sealed class ListJobsValidator : AbstractValidator<ListJobs>
{
    public ListJobsValidator()
    {
        RuleFor(request => request.Query.User).UserName();
        RuleFor(request => request.Query.Function!).FunctionName().When(request => request.Query.Function is not null);
        RuleFor(request => request.Query.Max).InclusiveBetween(1, JobLists.PageMax)
            .WithMessage($"A page has 1 to {JobLists.PageMax} jobs.");
        RuleFor(request => request.Query.Ids).Must(ids => ids is null || ids.Count is >= 1 and <= JobLists.PageMax)
            .WithMessage($"Ask for 1 to {JobLists.PageMax} jobs by their ids.");
        RuleFor(request => request.Query.State)
            .Must(state => state is null || (Enum.IsDefined(state.Value) && state != JobState.Running))
            .WithMessage("The store knows the states of jobs that no worker runs.");
        RuleFor(request => request.Query)
            .Must(query => query is { FromMs: >= 0, ToMs: >= 0, Before: >= 0 }
                && (query.ToMs == 0 || query.FromMs <= query.ToMs))
            .WithMessage("The times of a query are after 1970, the first before the last, and a place is 1 or more.");
    }
}

internal sealed class ListJobsHandler(IJobLists jobs) : IRequestHandler<ListJobs, Result<JobPage>>
{
    /// <summary>A function chooses what it throws: a page of the longest texts would fit no message.</summary>
    private const int NameCharsMax = 100, MessageCharsMax = 500;

    public async Task<Result<JobPage>> Handle(ListJobs request, CancellationToken cancellationToken)
    {
        var page = await jobs.ListAsync(request.Query, cancellationToken).ConfigureAwait(false);
        return page.IsOk ? page.Value with { Jobs = [.. page.Value.Jobs.Select(Shorten)] } : page.Error;
    }

    private static JobRecord Shorten(JobRecord job) => job.Error is { } error
        ? job with { Error = new FunctionError(Shorten(error.Name, NameCharsMax), Shorten(error.Message, MessageCharsMax)) }
        : job;

    private static string Shorten(string text, int max)
    {
        if (text.Length <= max) return text;
        // Not between the halves of a character.
        return text[..(char.IsHighSurrogate(text[max - 1]) ? max - 1 : max)] + "…";
    }
}
