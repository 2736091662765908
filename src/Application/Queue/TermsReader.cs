using FaaS.Application.Db;
using FaaS.Domain;
using FaaS.Domain.Jobs;
using FaaS.Domain.Users;

namespace FaaS.Application.Queue;

/// <summary>Reads users' terms from Db, page by page, and hands them to the queue.</summary>
internal static class TermsReader
{
    /// <summary>As many as one reply may have.</summary>
    private const int PageSize = 500;

    /// <summary>Reads all terms, each page as soon as it is there: who comes first need not wait for the last.</summary>
    /// <param name="ask">Asks Db.</param>
    /// <param name="hand">Hands a page to the queue.</param>
    /// <returns>The error that ended it; null at the end.</returns>
    public static async Task<Error?> ReadAsync(
        Func<ListTerms, Task<Result<TermsPage>>> ask, Func<TermsPage, Task> hand)
    {
        var after = "";
        while (true)
        {
            var page = await ask(new ListTerms(after, PageSize)).ConfigureAwait(false);
            if (!page.IsOk) return page.Error;
            await hand(page.Value).ConfigureAwait(false);
            if (!page.Value.More || page.Value.Terms.Count == 0) return null;
            after = page.Value.Terms[^1].User;
        }
    }

    /// <summary>
    /// The queue takes over a page. Who has terms takes them first: new defaults must not be in force for a moment for
    /// users whose usage comes with the same page.
    /// </summary>
    public static void Hand(JobQueue queue, TermsPage page, QueueTime now)
    {
        foreach (UserTerms terms in page.Terms) queue.AdoptTerms(terms, now);
        queue.AdoptDefaults(page.Defaults);
    }
}
