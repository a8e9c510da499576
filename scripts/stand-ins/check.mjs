// Drives the stand-ins with the clients that Nango and Notion publish, unpatched.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import http from 'node:http';
import readline from 'node:readline';

import { Nango } from '@nangohq/node';
import { APIErrorCode, Client, LogLevel, isFullPage } from '@notionhq/client';

const VERSIONS = ['2022-06-28', '2025-09-03', '2026-03-11'];
const NOBODY = '00000000-0000-0000-0000-000000000000';

let checks = 0;

async function check(claim, body) {
    try {
        await body();
    } catch (error) {
        error.message = `${claim}: ${error.message} ${JSON.stringify(error.response?.data ?? '')}`;
        throw error;
    }
    checks += 1;
}

/** What a call of Nango's client fails with: the status and Nango's code. */
async function refused(call) {
    const error = await call.then(
        () => assert.fail('it was not refused'),
        (error) => error
    );
    return [error.response?.status, error.response?.data?.error?.code];
}

/** Where webhooks arrive: each is verified as Nango's guide says. */
async function receiver() {
    const arrived = [];
    let told = () => {};
    const server = http.createServer(async (request, response) => {
        const parts = [];
        for await (const part of request) parts.push(part);
        arrived.push({ body: Buffer.concat(parts).toString(), headers: request.headers });
        response.writeHead(204).end();
        told();
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const next = async () => {
        while (arrived.length === 0) await new Promise((resolve) => (told = resolve));
        return arrived.shift();
    };
    return { url: `http://127.0.0.1:${server.address().port}/webhooks/nango`, next, close: () => server.close() };
}

/** Consents in a browser's stead. */
async function consent(link, place) {
    const page = await fetch(link);
    assert.equal(page.status, 200);
    assert.match(page.headers.get('content-type'), /^text\/html/);
    const form = new URLSearchParams({
        session_token: new URL(link).searchParams.get('session_token'),
        decision: 'allow',
        workspace: place.workspace,
        page: place.page
    });
    const done = await fetch(new URL('consent', link), { method: 'POST', body: form });
    assert.equal(done.status, 200, await done.text());
}

async function checkNango(place, hooks) {
    const nango = new Nango({ host: place.nango, apiKey: place.api_key, webhookSigningKey: place.signing_key });
    const tags = { tenant_id: 'T-1', attempt_id: 'A-1' };
    let connection;

    await check('a session is created with tags', async () => {
        const { data } = await nango.createConnectSession({ tags, allowed_integrations: ['notion'] });
        assert.match(data.token, /^nango_connect_session_[0-9a-f]{64}$/);
        assert.ok(Date.parse(data.expires_at) > Date.now());
        await consent(data.connect_link, place);
        const hook = await hooks.next();
        assert.equal(nango.verifyIncomingWebhookRequest(hook.body, hook.headers), true);
        assert.equal(nango.verifyIncomingWebhookRequest(`${hook.body} `, hook.headers), false);
        const other = new Nango({ host: place.nango, apiKey: place.api_key });
        assert.equal(other.verifyIncomingWebhookRequest(hook.body, hook.headers), false);
        const said = JSON.parse(hook.body);
        assert.deepEqual([said.type, said.operation, said.success, said.tags], ['auth', 'creation', true, tags]);
        connection = said.connectionId;
    });
    await check('a session for nobody, or for another integration, is refused', async () => {
        assert.deepEqual(await refused(nango.createConnectSession({ allowed_integrations: ['notion'] })), [400, 'invalid_body']);
        assert.deepEqual(await refused(nango.createConnectSession({ tags, allowed_integrations: ['slack'] })), [400, 'invalid_body']);
    });
    await check('connections are listed by tags, by id and by integration', async () => {
        for (const asked of [{ tags }, { connectionId: connection }, { integrationId: 'notion', limit: 5 }]) {
            const { connections } = await nango.listConnections(asked);
            assert.deepEqual(connections.map((one) => one.connection_id), [connection], JSON.stringify(asked));
            const [one] = connections;
            assert.equal(typeof one.id, 'number');
            assert.deepEqual([one.provider, one.errors, one.tags], ['notion', [], tags]);
        }
        assert.deepEqual((await nango.listConnections({ tags: { tenant_id: 'T-2' } })).connections, []);
    });
    await check('a connection is read, with its token by a key that may', async () => {
        const one = await nango.getConnection('notion', connection);
        assert.equal(one.connection_config.workspace_id, place.workspace);
        assert.equal(one.credentials.type, 'OAUTH2');
        assert.equal(await nango.getToken('notion', connection, true), one.credentials.access_token);
        assert.deepEqual(await refused(nango.getConnection('notion', NOBODY)), [404, 'not_found']);
        assert.deepEqual(await refused(nango.getConnection('slack', connection)), [400, 'unknown_provider_config']);
    });
    await check('integrations are listed and read', async () => {
        assert.deepEqual((await nango.listIntegrations()).configs.map((one) => one.unique_key), ['notion']);
        const { data } = await nango.getIntegration({ uniqueKey: 'notion' }, { include: ['webhook'] });
        assert.deepEqual([data.provider, data.forward_webhooks, typeof data.webhook_url], ['notion', true, 'string']);
        assert.deepEqual(await refused(nango.getIntegration({ uniqueKey: 'slack' })), [404, 'not_found']);
    });
    await check('the proxy reads Notion', async () => {
        const through = { providerConfigKey: 'notion', connectionId: connection };
        const headers = { 'Notion-Version': '2026-03-11' };
        const me = await nango.get({ ...through, endpoint: '/v1/users/me', headers });
        assert.equal(me.data.bot.workspace_name, 'Acme');
        assert.equal(me.headers['x-ratelimit-limit'], '200');
        // The template's own version is the oldest.
        const found = await nango.post({ ...through, endpoint: '/v1/search', data: { query: '', page_size: 10 } });
        assert.equal(found.data.type, 'page_or_database');
        const newer = await nango.post({ ...through, endpoint: 'v1/search', data: { query: 'policy' }, headers, retries: 1 });
        assert.deepEqual([newer.data.type, newer.data.results[0].id], ['page_or_data_source', place.page]);
        const lost = nango.get({ ...through, connectionId: NOBODY, endpoint: '/v1/users/me' });
        assert.deepEqual(await refused(lost), [400, 'server_error']);
    });
    await check('a reconnect keeps the connection', async () => {
        const { data } = await nango.createReconnectSession({ connection_id: connection, integration_id: 'notion', tags });
        await consent(data.connect_link, place);
        const said = JSON.parse((await hooks.next()).body);
        assert.deepEqual([said.operation, said.connectionId], ['override', connection]);
        const unknown = nango.createReconnectSession({ connection_id: NOBODY, integration_id: 'notion', tags });
        assert.deepEqual(await refused(unknown), [400, 'invalid_body']);
    });
    await check('a connection is deleted once', async () => {
        assert.deepEqual((await nango.deleteConnection('notion', connection)).data, { success: true });
        assert.deepEqual(await refused(nango.deleteConnection('notion', connection)), [400, 'unknown_connection']);
    });
    await check('another key is nobody', async () => {
        const other = new Nango({ host: place.nango, apiKey: 'b6b5d0f5-2f0a-4b5c-9d0e-0123456789ab' });
        assert.deepEqual(await refused(other.listConnections({})), [401, 'unknown_account']);
    });
}

async function checkNotion(place, notionVersion) {
    const options = { auth: place.token, baseUrl: place.notion, retry: false, logLevel: LogLevel.ERROR };
    const notion = new Client(notionVersion ? { ...options, notionVersion } : options);
    const version = notionVersion ?? Client.defaultNotionVersion;
    const isOld = version === '2022-06-28';
    const claim = (text) => `${notionVersion ?? 'by default'}: ${text}`;

    await check(claim('users'), async () => {
        assert.equal((await notion.users.me({})).id, place.bot);
        const { results } = await notion.users.list({});
        assert.deepEqual(results.map((user) => user.type), ['person', 'bot']);
        assert.equal((await notion.users.retrieve({ user_id: place.owner })).type, 'person');
    });
    await check(claim('search'), async () => {
        const found = await notion.search({ query: 'policy', page_size: 5 });
        assert.equal(found.type, isOld ? 'page_or_database' : 'page_or_data_source');
        assert.equal(found.results[0].id, place.page);
        const filter = { property: 'object', value: isOld ? 'database' : 'data_source' };
        const tables = await notion.search({ filter });
        assert.deepEqual(tables.results.map((one) => one.id), [isOld ? place.database : place.data_source]);
    });
    await check(claim('pages and blocks'), async () => {
        const page = await notion.pages.retrieve({ page_id: place.page });
        assert.ok(isFullPage(page));
        assert.equal('archived' in page, version !== '2026-03-11');
        const title = await notion.pages.properties.retrieve({ page_id: place.page, property_id: 'title' });
        assert.equal(title.results[0].title.plain_text, 'Security policy');
        const { results } = await notion.blocks.children.list({ block_id: place.page });
        assert.deepEqual(results.map((block) => block.type), ['paragraph', 'child_page', 'child_database']);
        assert.equal((await notion.blocks.retrieve({ block_id: results[0].id })).type, 'paragraph');
        assert.deepEqual((await notion.comments.list({ block_id: place.page })).results, []);
    });
    await check(claim('databases'), async () => {
        const database = await notion.databases.retrieve({ database_id: place.database });
        assert.equal(database.object, 'database');
        const rows = isOld
            ? await notion.request({ path: `databases/${place.database}/query`, method: 'post', body: {} })
            : await notion.dataSources.query({ data_source_id: place.data_source });
        assert.equal(rows.results[0].parent.type, isOld ? 'database_id' : 'data_source_id');
        assert.equal(rows.results[0].parent.database_id, place.database);
        if (!isOld) {
            assert.deepEqual(database.data_sources.map((one) => one.id), [place.data_source]);
            const source = await notion.dataSources.retrieve({ data_source_id: place.data_source });
            assert.equal(source.properties.Name.type, 'title');
        }
    });
    await check(claim('what is not there'), async () => {
        await assert.rejects(notion.pages.retrieve({ page_id: NOBODY }), { code: APIErrorCode.ObjectNotFound, status: 404 });
        const stranger = new Client({ ...options, auth: 'ntn_stranger' });
        await assert.rejects(stranger.users.me({}), { code: APIErrorCode.Unauthorized, status: 401 });
    });
}

const hooks = await receiver();
const standIns = spawn(process.argv[2], [hooks.url], { stdio: ['ignore', 'pipe', 'inherit'] });
try {
    const [line] = await Promise.race([
        once(readline.createInterface(standIns.stdout), 'line'),
        once(standIns, 'exit').then(() => assert.fail('the stand-ins ended'))
    ]);
    const place = JSON.parse(line);
    await checkNango(place, hooks);
    for (const version of [undefined, ...VERSIONS]) await checkNotion(place, version);
    console.log(`${checks} checks: the clients of Nango and Notion have nothing to complain of`);
} finally {
    standIns.kill();
    hooks.close();
}
