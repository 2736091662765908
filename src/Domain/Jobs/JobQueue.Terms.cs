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

    /// <summary>Takes over a user's terms, unless it knows newer ones; the revision it goes by now.</summary>
    public long AdoptTerms(UserTerms terms, QueueTime now)
    {
        var account = _accounts.Of(terms.User);
        account.Adopt(terms, now.WallMs);
        _share.PlaceAgain();
        _accounts.Release(account);
        return account.Revision;
    }

    /// <summary>What a user has with the queue now, over all its generations.</summary>
    public UserStanding DescribeUser(string user) =>
        _accounts.Find(user) is { } account ? new UserStanding(account.Waiting, account.Running) : default;

    /// <summary>
    /// Why a submission of so many bytes would be refused now; null when it would not. It is not counted: another one may
    /// take its place before it comes.
    /// </summary>
    public Error? CheckAdmission(string user, int bytes, QueueTime now)
    {
        if (RefuseSubmissions(1, now) is { } refusal) return refusal;
        var account = _accounts.Of(user);
        var over = account.Check(bytes, now);
        _accounts.Release(account);
        return over;
    }

    /// <summary>Takes over the quotas of users who have none of their own.</summary>
    public void AdoptDefaults(Quotas defaults)
    {
        _accounts.AdoptDefaults(defaults);
        _share.PlaceAgain();
    }
}
