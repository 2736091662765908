// expect: success "\"\\udc00\\ud800\"" | success "\"\\\\udc00\\\\ud800\"" | success "[\"\\udc00\\ud800\"]"
// Halves of characters.
() => ['\udc00\ud800']
