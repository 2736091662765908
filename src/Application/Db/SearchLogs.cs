using System.Globalization;
using System.Text.Json;
using FaaS.Application.Messaging;
using FaaS.Domain;
using FaaS.Domain.Jobs;
using FluentValidation;
using MediatR;

namespace FaaS.Application.Db;

/// <summary>Which log lines are looked for. All that is given must hold.</summary>
/// <param name="User">The owner of the jobs.</param>
/// <param name="Function">Only of this function; null for all.</param>
/// <param name="Job">Only of this job; null for all.</param>
/// <param name="Level">Only of this level, one of <see cref="LogLimits.Levels"/>; null for all.</param>
/// <param name="FromMs">Only written at or after this instant, Unix ms; 0 for no bound.</param>
/// <param name="ToMs">Only written before this instant, Unix ms; 0 for no bound.</param>
/// <param name="Text">Only with this in their text, whatever the case; null for all.</param>
/// <param name="Before">Only of jobs with a smaller sequence number; 0 for the newest.</param>
/// <param name="Skip">Lines of the job with the next smaller number that were given already.</param>
/// <param name="Max">At most so many lines, 1 to <see cref="LogLimits.PageMax"/>.</param>
public sealed record LogQuery(
    string User, string? Function, JobId? Job, string? Level, long FromMs, long ToMs, string? Text, long Before, int Skip, int Max);

/// <summary>Bounds of a search.</summary>
public static class LogLimits
{
    /// <summary>Lines on a page.</summary>
    public const int PageMax = 1_000;

    /// <summary>Characters of the text that is looked for.</summary>
    public const int TextCharsMax = 200;

    /// <summary>Lines of one job that can be told apart by a cursor; more than its logs have room for.</summary>
    public const int LinesMax = 1 << 16;

    /// <summary>How long before the first line that is looked for a job may have been submitted, to be looked at.</summary>
    public const long JobAgeMs = 24L * 60 * 60 * 1000;

    /// <summary>The levels, as the console names them.</summary>
    public static IReadOnlyList<string> Levels { get; } = ["debug", "log", "info", "warn", "error"];
}

/// <summary>Log lines of a user's jobs: the newest job's first, each job's in the order they were written.</summary>
/// <param name="Query">Which lines.</param>
public sealed record SearchLogs(LogQuery Query) : IRequest<Result<FoundLines>>;

/// <summary>A line.</summary>
/// <param name="Job">Who wrote it.</param>
/// <param name="Function">Its function.</param>
/// <param name="Version">The function's version.</param>
/// <param name="At">When, as the line says it.</param>
/// <param name="Level">The level.</param>
/// <param name="Text">The text.</param>
public sealed record FoundLine(JobId Job, string Function, int Version, string At, string Level, string Text);

/// <summary>A page of lines.</summary>
/// <param name="Lines">The lines; there may be fewer than were asked for, or none, and a next page.</param>
/// <param name="Next">The next page's <see cref="LogQuery.Before"/>; 0 when there is none.</param>
/// <param name="Skip">The next page's <see cref="LogQuery.Skip"/>.</param>
public sealed record FoundLines(IReadOnlyList<FoundLine> Lines, long Next, int Skip);

internal sealed class SearchLogsValidator : AbstractValidator<SearchLogs>
{
    public SearchLogsValidator()
    {
        RuleFor(request => request.Query.User).UserName();
        RuleFor(request => request.Query.Function!).FunctionName().When(request => request.Query.Function is not null);
        RuleFor(request => request.Query.Level).Must(level => level is null || LogLimits.Levels.Contains(level))
            .WithMessage($"The levels are {string.Join(", ", LogLimits.Levels)}.");
        RuleFor(request => request.Query.Text).Must(text => text is null || text.Length is >= 1 and <= LogLimits.TextCharsMax)
            .WithMessage($"The text to look for has 1 to {LogLimits.TextCharsMax} characters.");
        RuleFor(request => request.Query.Max).InclusiveBetween(1, LogLimits.PageMax)
            .WithMessage($"A page has 1 to {LogLimits.PageMax} lines.");
        RuleFor(request => request.Query)
            .Must(query => query is { FromMs: >= 0, ToMs: >= 0, Before: >= 0, Skip: >= 0 and < LogLimits.LinesMax }
                && (query.ToMs == 0 || query.FromMs <= query.ToMs))
            .WithMessage("The times of a query are after 1970, the first before the last, and a place is 1 or more.");
    }
}

internal sealed class SearchLogsHandler(IJobLists jobs) : IRequestHandler<SearchLogs, Result<FoundLines>>
{
    private const int JobsAtOnce = 100, BytesAtOnce = 2 << 20;

    /// <summary>A page's texts, which with escapes stay within the transport's 2 MiB.</summary>
    private const int CharsMax = 256 << 10;

    public async Task<Result<FoundLines>> Handle(SearchLogs request, CancellationToken cancellationToken)
    {
        var query = request.Query;
        var page = await jobs.ReadLogsAsync(
            new JobQuery(
                query.User, query.Function, null, false, Math.Max(0, query.FromMs - LogLimits.JobAgeMs), query.ToMs, query.Before,
                JobsAtOnce, query.Job is { } job ? [job] : null),
            BytesAtOnce, cancellationToken).ConfigureAwait(false);
        if (!page.IsOk) return page.Error;
        var (lines, chars) = (new List<FoundLine>(), 0);
        foreach (var logged in page.Value.Jobs)
        {
            var sequence = logged.Job.Sequence;
            var skip = sequence == query.Before - 1 || query.Job is not null ? query.Skip : 0;
            var at = 0;
            foreach (var line in Read(logged))
            {
                if (at++ < skip || !Fits(query, line)) continue;
                if (lines.Count == query.Max || (chars > 0 && chars + line.Text.Length > CharsMax))
                    return new FoundLines(lines, sequence + 1, Math.Min(at - 1, LogLimits.LinesMax - 1));
                lines.Add(line);
                chars += line.Text.Length;
            }
        }
        return new FoundLines(lines, page.Value.Next, 0);
    }

    private static bool Fits(LogQuery query, FoundLine line)
    {
        if (query.Level is not null && line.Level != query.Level) return false;
        if (query.Text is not null && !line.Text.Contains(query.Text, StringComparison.OrdinalIgnoreCase)) return false;
        if (query.FromMs == 0 && query.ToMs == 0) return true;
        return DateTimeOffset.TryParse(line.At, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at)
            && at.ToUnixTimeMilliseconds() is var atMs && atMs >= query.FromMs && (query.ToMs == 0 || atMs < query.ToMs);
    }

    /// <summary>A job's lines. A sandbox wrote them, which is not trusted: what is no such list has none.</summary>
    private static List<FoundLine> Read(LoggedJob logged)
    {
        var lines = new List<FoundLine>();
        try
        {
            using var document = JsonDocument.Parse(logged.Logs);
            foreach (var line in document.RootElement.EnumerateArray())
            {
                lines.Add(new FoundLine(
                    logged.Job.Id, logged.Job.Binding.Function, logged.Job.Binding.Version, line.GetProperty("at").GetString() ?? "",
                    line.GetProperty("level").GetString() ?? "", line.GetProperty("text").GetString() ?? ""));
            }
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            // As far as it could be read.
        }
        return lines;
    }
}
