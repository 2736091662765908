using System.Reflection;
using System.Xml.Linq;

namespace FaaS.Architecture.Tests;

/// <summary>The solution as it lies on disk.</summary>
internal static class Solution
{
    public static string Root { get; } = FindRoot();

    /// <summary>Every project under src, by its path from there, such as <c>Infrastructure/Sqlite</c>.</summary>
    public static IReadOnlyDictionary<string, Project> Source { get; } = Projects("src");

    public static IReadOnlyDictionary<string, Project> Tests { get; } = Projects("tests");

    public static IEnumerable<string> Technologies =>
        Source.Keys.Where(path => path.StartsWith("Infrastructure/", StringComparison.Ordinal));

    /// <summary>C# files below a folder of the solution, by their paths from its root.</summary>
    public static IEnumerable<(string Path, string[] Lines)> Files(string folder) =>
        Directory.EnumerateFiles(Path.Combine(Root, folder), "*.cs", SearchOption.AllDirectories)
            .Select(file => Path.GetRelativePath(Root, file).Replace('\\', '/'))
            .Where(path => !path.Contains("/obj/", StringComparison.Ordinal) && !path.Contains("/bin/", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal)
            .Select(path => (path, File.ReadAllLines(Path.Combine(Root, path))));

    public static Assembly Load(string project) => Assembly.Load("FaaS." + project.Replace('/', '.'));

    private static string FindRoot()
    {
        for (var at = new DirectoryInfo(AppContext.BaseDirectory); at is not null; at = at.Parent)
            if (File.Exists(Path.Combine(at.FullName, "FaaS.sln"))) return at.FullName;
        throw new InvalidOperationException($"There is no FaaS.sln above {AppContext.BaseDirectory}.");
    }

    private static Dictionary<string, Project> Projects(string folder)
    {
        var top = Path.Combine(Root, folder);
        return Directory.EnumerateFiles(top, "*.csproj", SearchOption.AllDirectories).ToDictionary(
            file => Path.GetRelativePath(top, Path.GetDirectoryName(file)!).Replace('\\', '/'),
            file => new Project(file, XDocument.Load(file)));
    }
}

/// <summary>A project file.</summary>
internal sealed record Project(string File, XDocument Content)
{
    public IEnumerable<string> Packages => Items("PackageReference");

    /// <summary>Referenced projects under src, by their paths from there.</summary>
    public IEnumerable<string> References => Items("ProjectReference").Select(include => Path
        .GetRelativePath(Path.Combine(Solution.Root, "src"), Path.GetDirectoryName(
            Path.GetFullPath(Path.Combine(Path.GetDirectoryName(File)!, include.Replace('\\', '/'))))!)
        .Replace('\\', '/'));

    private IEnumerable<string> Items(string kind) =>
        Content.Descendants(kind).Select(item => (string?)item.Attribute("Include")).OfType<string>();
}
