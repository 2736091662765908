namespace FaaS.Tests.Shared;

/// <summary>The checkout that the running tests were built in.</summary>
public static class Repository
{
    /// <summary>Its top folder. Found from where the tests run: paths in their code may have been rewritten by the build.</summary>
    public static string Root { get; } = Find();

    private static string Find()
    {
        for (var at = new DirectoryInfo(AppContext.BaseDirectory); at is not null; at = at.Parent)
            if (File.Exists(Path.Combine(at.FullName, "FaaS.sln"))) return at.FullName;
        throw new InvalidOperationException($"There is no FaaS.sln above {AppContext.BaseDirectory}.");
    }
}
