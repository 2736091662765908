// expect: success "true"
// A stack tells of nothing but the function.
() => { const texts = []; const take = () => texts.push(new Error('x').stack); take(); [1].map(take); [2, 1].sort(() => { take(); return 0 }); 'a'.replace(/a/, take); JSON.stringify({ toJSON: take }); eval('take()'); new Function('f', 'f()')(take); try { null.x } catch (e) { texts.push(e.stack) } try { structuredClone(() => {}) } catch (e) { texts.push(e.stack) } return texts.every(t => !/platform:|Jint|System|FaaS|\/|\.cs|\.dll/.test(t)) || texts }
