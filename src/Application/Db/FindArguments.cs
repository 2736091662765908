using FaaS.Domain;
using FaaS.Domain.Jobs;
using FluentValidation;
using MediatR;

namespace FaaS.Application.Db;

/// <summary>The arguments that jobs were given, to submit them again.</summary>
/// <param name="Ids">1 to 200 jobs.</param>
public sealed record FindArguments(IReadOnlyList<JobId> Ids) : IRequest<Result<FoundArguments>>;

/// <summary>Arguments of jobs.</summary>
/// <param name="Bodies">
/// Of the first jobs that were asked for, one at least and as many as fit an answer: a JSON array in UTF-8; null for a job
/// that is gone.
/// </param>
public sealed record FoundArguments(IReadOnlyList<byte[]?> Bodies);

internal sealed class FindArgumentsValidator : AbstractValidator<FindArguments>
{
    public FindArgumentsValidator() => RuleFor(request => request.Ids.Count).InclusiveBetween(1, JobLists.PageMax)
        .WithMessage($"Ask for 1 to {JobLists.PageMax} jobs at a time.");
}

internal sealed class FindArgumentsHandler(IJobStore jobs) : IRequestHandler<FindArguments, Result<FoundArguments>>
{
    /// <summary>In base64 well within the transport's 2 MiB.</summary>
    private const int BytesMax = 1 << 20;

    private const int SmallBytes = 64 << 10, FewJobs = 4, ManyJobs = 32;

    public async Task<Result<FoundArguments>> Handle(FindArguments request, CancellationToken cancellationToken)
    {
        var found = new List<byte[]?>();
        var bytes = 0;
        while (found.Count < request.Ids.Count)
        {
            // A few at a time while they may be large: nobody asks for what is read and does not fit.
            var some = request.Ids.Skip(found.Count).Take(bytes < SmallBytes && found.Count > 0 ? ManyJobs : FewJobs).ToArray();
            var bodies = await jobs.ReadArgumentsAsync(some, cancellationToken).ConfigureAwait(false);
            if (!bodies.IsOk) return bodies.Error;
            foreach (var body in bodies.Value)
            {
                bytes += body?.Length ?? 0;
                if (found.Count > 0 && bytes > BytesMax) return new FoundArguments(found);
                found.Add(body);
            }
        }
        return new FoundArguments(found);
    }
}
