// Asking the server: the answer as JSON, or an error that says why there is none.
export async function ask(path, {method = 'GET', body} = {}) {
  let answer;
  try {
    const headers = body === undefined ? {} : {'Content-Type': 'application/json'};
    answer = await fetch(path, {method, headers, body: body === undefined ? undefined : JSON.stringify(body)});
  } catch { throw new Error('the server is away'); }
  const told = await answer.json().catch(() => ({}));
  if (!answer.ok) throw Object.assign(new Error(told.error || `the server answered ${answer.status}`), {status: answer.status, field: told.field});
  return told;
}
