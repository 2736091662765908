function add(a, b) { return a + b }

export default {
  async fetch(request) {
    return Response.json({ error: false, res: String(add(...await request.json())) });
  },
};
