using Jint;
using Jint.Runtime;
using Jint.Runtime.Modules;

namespace FaaS.Infrastructure.Sandbox.Runtime;

/// <summary>Functions are whole in one source; <c>import()</c> rejects.</summary>
internal sealed class NoModules : IModuleLoader
{
    public ResolvedSpecifier Resolve(string? referencingModuleLocation, ModuleRequest moduleRequest) =>
        new(moduleRequest, moduleRequest.Specifier, null, SpecifierType.Bare);

    public Module LoadModule(Engine engine, ResolvedSpecifier resolved) =>
        throw new JavaScriptException(engine.Intrinsics.TypeError, "Modules are not available in a function");
}
