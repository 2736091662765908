using FaaS.Domain.Functions;
using FaaS.Domain.Users;

namespace FaaS.Domain.Jobs;

/// <content>What is configured for users and functions.</content>
public sealed partial class JobQueue
{
    /// <summary>Takes over a function's configuration, unless it knows a newer one; false when it knows no such function.</summary>
    public bool AdoptPolicy(long generation, long functionId, FunctionPolicy policy)
    {
        if (!_owners.TryGetValue(generation, out var owner) || !owner.Functions.TryGetValue(functionId, out var function))
            return false;
        _share.SetPolicy(function, policy);
        return true;
    }

    private readonly Dictionary<string, UserTerms> _terms = [];

    /// <summary>Takes over a user's terms, unless it knows newer ones; the revision it goes by now.</summary>
    public long AdoptTerms(UserTerms terms, QueueTime now)
    {
        if (!_terms.TryGetValue(terms.User, out var known) || known.Revision <= terms.Revision) _terms[terms.User] = terms;
        return _terms[terms.User].Revision;
    }
}
